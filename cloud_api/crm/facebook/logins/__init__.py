"""How is a login vendor asked whose token this is?"""
