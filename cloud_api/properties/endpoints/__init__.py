"""How do people keep their houses over HTTP?"""

from fastapi import APIRouter

from cloud_api.properties.endpoints import devices, places, units

router = APIRouter()
for part in (places, units, devices):
    router.include_router(part.router)
