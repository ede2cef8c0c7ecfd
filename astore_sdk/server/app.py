"""The ASGI application: who asks, for what, and how the answer is sent."""

from __future__ import annotations

import hmac
import logging
import secrets
import sqlite3
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from astore_sdk.server.access import Watch, shown_method, shown_path
from astore_sdk.server.asgi import ClientGoneError, Request, RequestHeaders, Response, json_response
from astore_sdk.server.blob_reading import DamagedBlobError
from astore_sdk.server.browsers import refuse_foreign_names, refuse_foreign_pages
from astore_sdk.server.failures import FailureLog
from astore_sdk.server.faults import FAULT_HEADER, Fault, Faults, fault_from_header, fault_from_json, fault_to_json
from astore_sdk.server.names import require_bucket_name, require_key
from astore_sdk.server.operations import buckets, complete, multipart, objects, supplychain, system
from astore_sdk.server.operations.json_bodies import json_body
from astore_sdk.server.problems import Problem, from_database_error, from_os_error
from astore_sdk.server.query import parse_query
from astore_sdk.server.responder import Responder
from astore_sdk.server.routes import find_route, require_resource
from astore_sdk.server.tokens import require_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from astore_sdk.server.access import AccessSink
    from astore_sdk.server.asgi import Receive, Scope, Send
    from astore_sdk.server.store import Store

log: logging.Logger = logging.getLogger("astore_sdk.server")

RESOURCE_HEADER = "x-astore-resource"

_OPERATIONS: dict[str, Callable[[Store, Request], Awaitable[Response]]] = {
    "listBuckets": buckets.list_buckets,
    "createBucket": buckets.create_bucket,
    "headBucket": buckets.head_bucket,
    "deleteBucket": buckets.delete_bucket,
    "listObjects": objects.list_objects,
    "deleteObjects": objects.delete_objects,
    "putObject": objects.put_object,
    "getObject": objects.get_object,
    "headObject": objects.get_object,
    "deleteObject": objects.delete_object,
    "copyObject": objects.copy_object,
    "initiateMultipartUpload": multipart.initiate_multipart_upload,
    "uploadPart": multipart.upload_part,
    "listParts": multipart.list_parts,
    "completeMultipartUpload": complete.complete_multipart_upload,
    "abortMultipartUpload": multipart.abort_multipart_upload,
    "listMultipartUploads": multipart.list_multipart_uploads,
    "addSignature": supplychain.add_signature,
    "listSignatures": supplychain.list_signatures,
    "getSignature": supplychain.get_signature,
    "attachSbom": supplychain.attach_sbom,
    "getSbom": supplychain.get_sbom,
    "listSboms": supplychain.list_sboms,
    "getSbomRecord": supplychain.get_sbom_record,
    "addAttestation": supplychain.add_attestation,
    "listAttestations": supplychain.list_attestations,
    "getAttestation": supplychain.get_attestation,
    "getHealth": system.get_health,
    "getReadiness": system.get_readiness,
    "getLiveness": system.get_liveness,
}


class App:
    """The store over HTTP. With a `token`, all but health asks for it; with `faults`, it misbehaves as told.

    Without a token it answers no web page but its own; see `astore_sdk.server.browsers`.

    `access` is told of each request that has ended; without it, the logger `astore_sdk.server.access` is.
    """

    def __init__(
        self, store: Store, *, token: str | None = None, faults: Faults | None = None, access: AccessSink | None = None
    ) -> None:
        require_token(token)
        self.failures: FailureLog = FailureLog()
        self._store = store
        self._token = None if token is None else token.encode()
        self._faults = faults
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        with Watch(scope, receive, send, request_id=secrets.token_hex(8), token=self._token, sink=self._access) as watch:
            responder = watch.responder = Responder(scope, watch.receive, watch.send, request_id=watch.request_id)
            if log.isEnabledFor(logging.DEBUG):
                method, path = shown_method(scope["method"]), shown_path(scope["raw_path"], self._token)
                log.debug("request %s began: %s %s", watch.request_id, method, path)
            try:
                await self._answer(scope, watch.receive, responder)
            except ClientGoneError:
                pass
            except (Problem, DamagedBlobError, OSError, SQLAlchemyError, sqlite3.Error) as error:
                await self._refuse(responder, _problem(error), error)
            except Exception as error:  # noqa: BLE001 - see below
                # The last line: whatever else goes wrong is a fault of ours, told to the log and not to the client.
                problem = Problem("InternalError", "The store failed; its log says more.")
                await self._refuse(responder, problem, error, unexpected=True)

    async def _refuse(self, responder: Responder, problem: Problem, error: Exception, *, unexpected: bool = False) -> None:
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            about = (responder.request_id, responder.operation)
            self.failures.note(problem, error, request_id=about[0], operation=about[1], unexpected=unexpected)
        await responder.refuse(problem)

    async def _answer(self, scope: Scope, receive: Receive, responder: Responder) -> None:
        headers = RequestHeaders(scope["headers"])
        responder.headers = headers
        method = scope["method"]
        path = scope["raw_path"]
        self._authorize(headers, is_health=path.startswith(b"/health"))
        if (meant := headers.get(RESOURCE_HEADER)) is not None:
            require_resource(path, meant)
        query = parse_query(scope["query_string"])
        if self._faults is not None and path == b"/faults":
            responder.operation = "faults"
            request = Request("faults", method, "", b"", query, headers, receive)
            await responder.send(request, await self._control_faults(self._faults, request))
            return
        route = find_route(method, path, query, is_copy=headers.get("x-amz-copy-source") is not None)
        responder.operation = route.operation
        bucket = "" if route.bucket is None else require_bucket_name(route.bucket)
        key = b"" if route.key is None else require_key(route.key)
        request = Request(route.operation, method, bucket, key, query, headers, receive)
        fault = self._fault(request)
        if fault is not None:
            log.info("request %s (%s) meets a fault that was asked for", responder.request_id, route.operation)
        if fault is None or await responder.misbehave_before(request, fault):
            response = await _OPERATIONS[route.operation](self._store, request)
            responder.location = route.location
            await responder.send(request, response, fault)

    def _authorize(self, headers: RequestHeaders, *, is_health: bool) -> None:
        if self._token is None:
            # A probe asks by the address that it knows, and hears nothing that is secret.
            if not is_health:
                refuse_foreign_names(headers)
            refuse_foreign_pages(headers)
            return
        if is_health:
            return
        scheme, _, given = (headers.get("authorization") or "").partition(" ")
        # compare_digest takes the same time wherever two tokens begin to differ.
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode("latin-1"), self._token):
            raise Problem(
                "Unauthorized",
                "The request needs the store's token as 'Authorization: Bearer TOKEN'.",
                headers=(("WWW-Authenticate", 'Bearer realm="astore"'),),
            )

    def _fault(self, request: Request) -> Fault | None:
        if self._faults is None:
            return None
        header = request.headers.get(FAULT_HEADER)
        if header is not None:
            return fault_from_header(header)
        return self._faults.take(request.operation, request.method, request.bucket, request.key.decode())

    async def _control_faults(self, faults: Faults, request: Request) -> Response:
        if request.method == "POST":
            async with json_body(self._store, request, self._store.limits.max_fault_size) as body:
                faults.add(fault_from_json(body))
        elif request.method == "DELETE":
            faults.clear()
        elif request.method != "GET":
            raise Problem("MethodNotAllowed", "Faults are queued with POST, listed with GET, forgotten with DELETE.")
        return json_response(200, {"faults": [fault_to_json(fault) for fault in faults.pending()]})


def _problem(error: Problem | DamagedBlobError | OSError | SQLAlchemyError | sqlite3.Error) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, DamagedBlobError):
        return Problem("DataCorrupted", "The store no longer has the bytes that were stored here; store them anew.")
    return from_os_error(error) if isinstance(error, OSError) else from_database_error(error)
