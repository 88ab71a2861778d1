"""What houses report about grants: arrivals, PINs, requests and delegations made there."""
