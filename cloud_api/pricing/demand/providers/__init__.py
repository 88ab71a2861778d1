"""Who tells what happens in town?"""
