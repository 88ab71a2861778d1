"""What has a guest reached: by stays of their own, and by whom they brought?"""
