"""The official client library for Python, generated from upstream's OpenAPI document, against `cox test-server`."""

import datetime
import json
import threading
import urllib.error
import urllib.request

import pytest
from kubernetes import client, stream, watch
from kubernetes.client.rest import ApiException

NAMESPACE = "default"


def control(cluster, path, body, method="POST"):
    request = urllib.request.Request(f"{cluster['control']}/{path}", json.dumps(body).encode(), method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def pod(name, image="web", **spec):
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name=name, labels={"app": name}),
        spec=client.V1PodSpec(containers=[client.V1Container(name="main", image=image)], **spec),
    )


@pytest.fixture
def core(cluster):
    control(cluster, "images", {"web": {"logs": ["one", "two"], "http": {"/": "hello"}}})
    return client.CoreV1Api()


def run(core, cluster, name, **spec):
    core.create_namespaced_pod(NAMESPACE, pod(name, **spec))
    control(cluster, "wait", {"apiVersion": "v1", "kind": "Pod", "name": name, "for": "Ready"})
    return core.read_namespaced_pod(name, NAMESPACE)


def test_versions_and_discovery(cluster):
    assert client.VersionApi().get_code().git_version.startswith("v1.36.")
    assert "rbac.authorization.k8s.io" in [group.name for group in client.ApisApi().get_api_versions().groups]
    assert "pods/exec" in [resource.name for resource in client.CoreV1Api().get_api_resources().resources]


def test_a_pod_from_creation_to_deletion(core, cluster):
    made = run(core, cluster, "typed")
    assert isinstance(made.metadata.creation_timestamp, datetime.datetime)
    assert made.status.phase == "Running"
    assert [each.name for each in made.status.container_statuses] == ["main"]
    assert core.read_namespaced_pod_log("typed", NAMESPACE) == "one\ntwo\n"
    core.patch_namespaced_pod("typed", NAMESPACE, {"metadata": {"labels": {"patched": "yes"}}})
    listed = core.list_namespaced_pod(NAMESPACE, label_selector="patched=yes", field_selector="status.phase=Running")
    assert [each.metadata.uid for each in listed.items] == [made.metadata.uid]
    core.delete_namespaced_pod("typed", NAMESPACE, grace_period_seconds=0)
    control(cluster, "wait", {"apiVersion": "v1", "kind": "Pod", "name": "typed", "for": "Deleted"})


def test_exec_over_a_websocket(core, cluster):
    run(core, cluster, "shell")
    command = ["sh", "-c", "echo out; echo error >&2; exit 3"]
    connection = stream.stream(
        core.connect_get_namespaced_pod_exec, "shell", NAMESPACE, command=command, stdout=True, stderr=True, _preload_content=False
    )
    connection.run_forever(timeout=20)
    assert (connection.read_stdout(), connection.read_stderr(), connection.returncode) == ("out\n", "error\n", 3)


def test_a_watch_from_a_version_on(core, cluster):
    version = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="watched"), data={"color": "green"})
    core.create_namespaced_config_map(NAMESPACE, body)
    core.patch_namespaced_config_map("watched", NAMESPACE, {"data": {"color": "red"}})
    core.delete_namespaced_config_map("watched", NAMESPACE)
    seen = []
    watching = watch.Watch()
    selected = {"field_selector": "metadata.name=watched", "resource_version": version, "timeout_seconds": 20}
    for event in watching.stream(core.list_namespaced_config_map, NAMESPACE, **selected):
        seen.append((event["type"], event["object"].data["color"]))
        if event["type"] == "DELETED":
            watching.stop()
    assert seen == [("ADDED", "green"), ("MODIFIED", "red"), ("DELETED", "red")]


def test_logs_are_followed(core, cluster):
    control(cluster, "images", {"ticking": {"logs": [{"text": "tick", "everyMs": 50}]}})
    core.create_namespaced_pod(NAMESPACE, pod("ticking", "ticking"))
    control(cluster, "wait", {"apiVersion": "v1", "kind": "Pod", "name": "ticking", "for": "Ready"})
    watching = watch.Watch()
    lines = []
    for line in watching.stream(core.read_namespaced_pod_log, "ticking", NAMESPACE):
        lines.append(line)
        if len(lines) == 3:
            watching.stop()
    assert lines == ["tick"] * 3


def test_refusals_are_typed(core):
    with pytest.raises(ApiException) as missing:
        core.read_namespaced_pod("nobody", NAMESPACE)
    assert (missing.value.status, json.loads(missing.value.body)["reason"]) == (404, "NotFound")
    with pytest.raises(ApiException) as invalid:
        core.create_namespaced_pod(NAMESPACE, pod("Not A Name"))
    causes = json.loads(invalid.value.body)["details"]["causes"]
    assert (invalid.value.status, causes[0]["field"]) == (422, "metadata.name")


def test_two_who_write_at_once(core):
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="shared"), data={"count": "0"})
    core.create_namespaced_config_map(NAMESPACE, body)

    def count():
        while True:
            found = core.read_namespaced_config_map("shared", NAMESPACE)
            found.data["count"] = str(int(found.data["count"]) + 1)
            try:
                return core.replace_namespaced_config_map("shared", NAMESPACE, found)
            except ApiException as refusal:
                assert refusal.status == 409

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert core.read_namespaced_config_map("shared", NAMESPACE).data["count"] == "8"


def test_leases_roles_and_reviews(cluster):
    now = datetime.datetime.now(datetime.timezone.utc)
    lease = client.V1Lease(metadata=client.V1ObjectMeta(name="mine"), spec=client.V1LeaseSpec(holder_identity="me", renew_time=now))
    assert client.CoordinationV1Api().create_namespaced_lease(NAMESPACE, lease).spec.renew_time == now
    rule = client.V1PolicyRule(api_groups=[""], resources=["pods"], verbs=["get"])
    role = client.V1Role(metadata=client.V1ObjectMeta(name="reader"), rules=[rule])
    assert client.RbacAuthorizationV1Api().create_namespaced_role(NAMESPACE, role).rules[0].verbs == ["get"]
    attributes = client.V1ResourceAttributes(verb="delete", resource="nodes")
    review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes))
    assert client.AuthorizationV1Api().create_self_subject_access_review(review).status.allowed


def test_faults_reach_the_client(core, cluster):
    order = {"requests": {"verb": "list", "resource": "secrets"}, "status": 503}
    fault = control(cluster, "faults/requests/fail", order)
    with pytest.raises(ApiException) as refusal:
        core.list_namespaced_secret(NAMESPACE)
    assert refusal.value.status == 503
    assert control(cluster, f"faults/{fault['id']}", None, "DELETE")["hits"] == 1
    with pytest.raises(urllib.error.HTTPError) as bad:
        control(cluster, "faults/storage/delay", {"delayMs": "soon"})
    assert json.load(bad.value)["details"]["causes"][0]["field"] == "delayMs"
