"""Who may open what, and steer which music: grants, links, PINs, companions and their requests."""
