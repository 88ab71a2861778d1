"""Through which addresses is money asked for, paid, looked after and given back?"""

from fastapi import APIRouter

from cloud_api.payments.endpoints import accounts, guests, hooks, jobs, matters, staff, value_cards

router = APIRouter()
for _part in (guests, hooks, staff, matters, accounts, value_cards, jobs):
    router.include_router(_part.router)

__all__ = ["router"]
