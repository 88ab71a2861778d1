"""Whose Facebook account is this?"""
