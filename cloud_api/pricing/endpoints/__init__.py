"""Through which addresses are prices kept, and asked for?"""

from fastapi import APIRouter

from cloud_api.pricing.endpoints import quotes, terms

router = APIRouter()
for _part in (quotes, terms):
    router.include_router(_part.router)

__all__ = ["router"]
