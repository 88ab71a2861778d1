"""What may people on the house's own network do with a browser, cloud or no cloud?"""
