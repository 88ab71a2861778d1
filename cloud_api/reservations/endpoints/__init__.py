"""Through which addresses are nights held, booked, changed and looked up?"""

from fastapi import APIRouter

from cloud_api.reservations.endpoints import blocks, guests, hours, jobs, search, staff

router = APIRouter()
for _part in (guests, search, hours, staff, blocks, jobs):
    router.include_router(_part.router)

__all__ = ["router"]
