"""Who may read and change houses?"""

from typing import Annotated

from fastapi import Depends, Query

from cloud_api.accounts.types import Permission
from cloud_api.kit.http import allow
from cloud_api.kit.paging import sort_pattern
from cloud_api.kit.tenancy import Scope

Reader = Annotated[Scope, Depends(allow(Permission.PROPERTIES_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.PROPERTIES_WRITE))]
ShowArchived = Annotated[bool, Query(description="archived ones too")]
Sort = Annotated[
    str | None, Query(pattern=sort_pattern("name", "created_at"), examples=["-created_at"])
]
