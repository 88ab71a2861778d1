"""How does an operator or a load balancer see how well we are?"""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from cloud_api.kit.health import Check, Health, examine, overall
from cloud_api.kit.http import backstage

router = APIRouter(tags=["operations"])


class FindingOut(BaseModel):
    """What one check found."""

    status: Health
    detail: str


class HealthOut(BaseModel):
    """The worst of all checks, and each of them."""

    status: Health
    checks: dict[str, FindingOut]


@router.get("/healthz", responses={503: {"model": HealthOut, "description": "unhealthy"}})
async def health(request: Request, response: Response) -> HealthOut:
    """Healthy or degraded: 200; unhealthy: 503."""
    checks: tuple[Check, ...] = request.app.state.health_checks
    findings = await examine(backstage(request).database, checks)
    worst = overall(findings)
    if worst is Health.UNHEALTHY:
        response.status_code = 503
    return HealthOut(
        status=worst,
        checks={
            name: FindingOut(status=each.health, detail=each.detail)
            for name, each in findings.items()
        },
    )


@router.get("/livez", include_in_schema=False)
async def live() -> dict[str, str]:
    """This process answers, whatever else is broken."""
    return {"status": "alive"}
