"""Which answers of an MLflow server a training's reporter waits out, and which it takes for the last word."""

from __future__ import annotations

import pytest
import requests

from tcclip.tracking.rest import RejectedError, Server

BUSY = '{"error_code": "BAD_REQUEST", "message": "QueuePool limit of size 5 overflow 10 reached, connection timed out"}'


def answer(code: int, text: str = "{}") -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = code, text.encode()
    return response


@pytest.mark.parametrize("response", [answer(429), answer(408), answer(503), answer(400, BUSY)])
def test_a_busy_server_is_asked_again(response):
    with pytest.raises(requests.RequestException):
        Server._answer(response)


@pytest.mark.parametrize(
    "response", [answer(400, '{"error_code": "INVALID_PARAMETER_VALUE"}'), answer(404), answer(401)]
)
def test_a_server_that_refuses_is_not(response):
    with pytest.raises(RejectedError):
        Server._answer(response)
