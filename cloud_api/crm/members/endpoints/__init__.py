"""Through which addresses do people who come again sign in and look after themselves?"""

from fastapi import APIRouter

from cloud_api.crm.members.endpoints import own, signing_in

router = APIRouter()
for _part in (signing_in, own):
    router.include_router(_part.router)

__all__ = ["router"]
