"""What do drivers of several vendors share: patience, the newest value, the last readings?"""
