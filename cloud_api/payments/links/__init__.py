"""At which secret addresses can a folio be paid?"""
