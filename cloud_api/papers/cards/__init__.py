"""What does a stay's public card show to whoever scans it?"""
