"""What happens in town, and what is a night worth then?"""
