"""What a guest does with a link: sign in, see the stay, open a door, steer the music."""
