"""Which tables has this room? Each sub-room describes its own."""

from cloud_api.crm.facebook.models import FacebookAppRow

__all__ = ["FacebookAppRow"]
