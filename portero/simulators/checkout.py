"""Where does somebody at the keyboard pay at a played Mercado Pago?

Its API and, beside it, the page a payer is sent to: two buttons. Whoever presses one has paid or
was refused; the merchant is told by a signed notice, and the browser goes back to the merchant.
"""

from html import escape
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from portero.simulators.mercadopago import MercadoPago

PATH = "/checkout/v1/redirect"
ANSWERS = ("approved", "rejected")

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>A played Mercado Pago</title>
<body style="font: 1.2rem sans-serif; max-width: 24rem; margin: 3rem auto">
<h1>A played Mercado Pago</h1><p>{title}: <b>{amount} {currency}</b>. No money moves here.</p>
<form method="post"><button name="answer" value="approved">Pay</button>
<button name="answer" value="rejected">Have the bank refuse</button></form></body></html>"""


def checkout(vendor: MercadoPago) -> Starlette:
    """The vendor's API with its payers' page."""

    async def show(request: Request) -> Response:
        told = vendor.preferences.get(request.query_params.get("pref_id", ""))
        if told is None:
            return HTMLResponse("<p>Nothing to pay here.</p>", HTTPStatus.NOT_FOUND)
        words = {"title": told.title, "amount": f"{told.amount:.2f}", "currency": told.currency}
        return HTMLResponse(_PAGE.format(**{name: escape(each) for name, each in words.items()}))

    async def answer(request: Request) -> Response:
        told = vendor.preferences.get(request.query_params.get("pref_id", ""))
        [said] = parse_qs((await request.body()).decode()).get("answer", [""])[:1]
        if told is None or said not in ANSWERS:
            return HTMLResponse("<p>Nothing to pay here.</p>", HTTPStatus.NOT_FOUND)
        payment = vendor.pay(told.id, status=said)
        await vendor.notice(payment).to(told.notify_url)
        return RedirectResponse(told.back_url, HTTPStatus.SEE_OTHER)

    return Starlette(
        routes=[
            Route(PATH, show, methods=["GET"]),
            Route(PATH, answer, methods=["POST"]),
            Mount("/", vendor.app),
        ]
    )
