"""How are nights taken so that two people never hold the same ones?"""
