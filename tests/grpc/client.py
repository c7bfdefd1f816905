"""A client that learns the interface from the server's reflection and does the whole job over it.

Usage: client.py ADDRESS BUNDLE_FOLDER. Talks to ADDRESS only.
"""

import concurrent.futures
import pathlib
import sys
import time

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

NORTH = "authorities/local/localities/north"
SLOW = "authorities/local/localities/slow"
PLAY = "authorities/local/localities/play"
# Sooner than the whole answer would take.
PROMPTLY_SECONDS = 5

checks = 0


def check(held, seen=None):
    global checks
    assert held, seen
    checks += 1


class Server:
    """Every method of every service, found by reflection."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        database = ProtoReflectionDescriptorDatabase(self.channel)
        self.services = set(database.get_services())
        self.pool = DescriptorPool(database)

    def message(self, kind, /, **fields):
        kind = GetMessageClass(self.pool.FindMessageTypeByName(f"suffice.v1.{kind}"))
        return json_format.ParseDict(fields, kind(), descriptor_pool=self.pool)

    def method(self, service, name):
        method = self.pool.FindServiceByName(f"suffice.v1.{service}").methods_by_name[name]
        shapes = {(False, False): "unary_unary", (False, True): "unary_stream", (True, False): "stream_unary"}
        make = getattr(self.channel, shapes[method.client_streaming, method.server_streaming])
        return make(
            f"/suffice.v1.{service}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )

    def call(self, service, method, /, timeout=60, **fields):
        return self.method(service, method)(self.message(f"{method}Request", **fields), timeout=timeout)


def refused(call):
    """The error of a call that must fail: its code, its reason, and its violated fields."""
    try:
        call()
    except grpc.RpcError as error:
        reason, fields = None, []
        status = rpc_status.from_call(error)
        for detail in status.details if status else []:
            info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            if detail.Unpack(info):
                reason = info.reason
            elif detail.Unpack(bad):
                fields = [violation.field for violation in bad.field_violations]
        return error.code(), reason, fields
    raise AssertionError("the call should have failed")


def upload(server, folder, locality_id):
    part = lambda **fields: server.message("UploadLocalityRequest", **fields)
    yield part(header={"parent": "authorities/local", "localityId": locality_id})
    for file in sorted(pathlib.Path(folder).iterdir()):
        offset = 0
        with file.open("rb") as data:
            while piece := data.read(16):
                message = part(chunk={"file": file.name, "offset": offset})
                message.chunk.data = piece
                offset += len(piece)
                yield message


def inline_locality():
    need = lambda name, level: {
        "need": name, "holder": name, "kind": "k", "level": level, "children": {"known": 1}, "area": "a", "age": 7,
    }
    return {
        "settings": {
            "name": "Test", "referenceDate": "2024-06-30", "period": "2024", "coordinates": "COORDINATES_METRES",
        },
        "policy": {"reach": {"km": 15}},
        "areas": [{"area": "a", "name": "Area A", "x": 0, "y": 0}],
        "needs": [need("ann", 3), need("bo", 1)],
        "services": [{
            "service": "s", "name": "Oak Lane", "provider": "p", "types": ["k"],
            "ageMin": {"age": 5}, "ageMax": {"any": True}, "levelMin": 1, "levelMax": 4,
        }],
        "offers": [{"offer": "oak-lane", "service": "s", "x": 300, "y": 400, "capacity": {"known": 1}}],
        "kinds": [{"kind": "k", "label": "A kind", "layer": "LAYER_INDIVIDUAL", "domain": "health"}],
    }


def changes_and_readers(server):
    """Changes places while others ask where there are some: nobody waits for long, nobody sees half a change."""
    places = lambda number: [{"setPlaces": {"offer": "oak-lane", "capacity": {"known": n}, "free": {"known": n}}}
                             for n in (0, number)]
    find = lambda: server.call("MatchingService", "FindOptions", name=NORTH, need="ann")
    etag = server.call("LocalityService", "GetLocality", name=NORTH).etag
    server.call("MatchingService", "WhatIf", name=NORTH, changes=places(9))
    check(server.call("LocalityService", "GetLocality", name=NORTH).etag == etag, etag)

    last = 12
    with concurrent.futures.ThreadPoolExecutor() as threads:
        def read():
            # The change in between, to no place at all, is never to be seen.
            while True:
                began = time.monotonic()
                free = [option.free for option in find().options]
                if time.monotonic() - began > PROMPTLY_SECONDS or len(free) != 1 or free[0] == last:
                    return free
        readers = [threads.submit(read) for _ in range(3)]
        for number in range(2, last + 1):
            server.call("LocalityService", "ApplyChanges", name=NORTH, changes=places(number))
        check([reader.result() for reader in readers] == [[last]] * 3, readers)

    wrong = {"setNeed": {"need": "cy", "holder": "cy", "kind": "k", "level": 9, "area": "a"}}
    error = refused(lambda: server.call("LocalityService", "ApplyChanges", name=NORTH, changes=[wrong]))
    check(error[2] == ["changes[0].set_need.level"], error)
    changed = server.call("LocalityService", "ApplyChanges", name=NORTH, changes=places(1))
    check(changed.locality.etag == etag, changed)


def plan(server):
    """Begins a plan and watches it to its end."""
    begun = server.call("PlanningService", "PlanCommissioning", name=PLAY, question={"budgetPence": 5900})
    *_, last = server.call("PlanningService", "WatchPlan", name=begun.name)
    answer = server.message("PlanCommissioningResponse")
    check(last.operation.done and last.operation.response.Unpack(answer), last)
    chosen = [(row.candidate, row.steps) for row in answer.chosen]
    check((answer.cost, chosen) == (5900, [("more", 2), ("older", 1), ("site", 1)]), answer)


def main(address, folder):
    server = Server(address)
    wanted = {f"suffice.v1.{name}Service" for name in ["Gap", "Locality", "Matching", "Mismatch", "Planning"]}
    check(wanted <= server.services, server.services)

    health = health_pb2_grpc.HealthStub(server.channel).Check(health_pb2.HealthCheckRequest(), timeout=60)
    check(health.status == health_pb2.HealthCheckResponse.SERVING, health)

    uploaded = server.method("LocalityService", "UploadLocality")(upload(server, folder, "north"), timeout=60)
    check(uploaded.locality.name == NORTH and uploaded.locality.needs == 2, uploaded)

    matched = server.call("MatchingService", "Match", name=NORTH)
    placed = [(row.need, row.offer, row.children, row.travel) for row in matched.assignments]
    check(placed == [("ann", "oak-lane", 1, 500)], matched)

    parts = list(server.call("MatchingService", "StreamAssignments", name=uploaded.locality.revision))
    check(parts[0].matching.totals.met == 1 and parts[1].assignments[0].need == "ann", parts)

    gaps = server.call("GapService", "AnalyseGaps", name=NORTH)
    check((gaps.totals.unmet, gaps.unmet[0].need) == (1, "bo"), gaps)

    explained = server.call("MatchingService", "ExplainNeed", name=NORTH, need="bo")
    check(explained.unmet == 1 and explained.why, explained)

    options = server.call("MatchingService", "FindOptions", name=NORTH, need="ann")
    check([option.offer for option in options.options] == ["oak-lane"], options)

    changes_and_readers(server)

    plan(server)

    locality = inline_locality()
    inline = server.call("MatchingService", "Match", locality=locality)
    check(inline.matching.totals.met == 1, inline)

    locality["needs"][1]["level"] = 9
    locality["offers"][0]["service"] = "nobody"
    error = refused(lambda: server.call("MatchingService", "Match", locality=locality))
    fields = ["locality.needs[1].level", "locality.offers[0].service"]
    check(error[:2] == (grpc.StatusCode.INVALID_ARGUMENT, "LOCALITY_REFUSED") and sorted(error[2]) == fields, error)

    locality["areas"][0]["name"] = "x" * (2 << 20)
    error = refused(lambda: server.call("MatchingService", "Match", locality=locality))
    check(error[:2] == (grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE"), error)

    began = time.monotonic()
    error = refused(lambda: server.call("MatchingService", "Match", name=SLOW, timeout=0.05))
    leaving = server.method("MatchingService", "Match").future(server.message("MatchRequest", name=SLOW))
    leaving.cancel()
    took = time.monotonic() - began
    check(error[0] == grpc.StatusCode.DEADLINE_EXCEEDED and took < PROMPTLY_SECONDS, (error, took))

    print(f"{checks} checks held")


main(*sys.argv[1:])
