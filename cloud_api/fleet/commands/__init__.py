"""A live command's way: wanted, nonce asked, sent once, and how it truly ended."""
