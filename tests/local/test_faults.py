"""What goes wrong around the local AWS is said clearly, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.local.deploy import find_cdk
from tenant_keys.local.errors import NodeMissing, PortInUse, Stopped
from tests.local import handmade
from tests.local.bootstrap import bootstrap
from tests.work import PATIENCE, eventually


def test_it_starts_and_leaves_nothing() -> None:
    with LocalAws() as aws:
        folder = aws.directory
        assert (folder / "settings.json").stat().st_mode & 0o077 == 0
    assert not folder.exists()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", aws.port), timeout=PATIENCE)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
def test_it_listens_on_loopback_alone(aws: LocalAws) -> None:
    sockets = [line.split()[1:4] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [local.split(":") for local, _, state in sockets if state == "0A"]
    assert [address for address, port in listening if int(port, 16) == aws.port] == ["0100007F"]


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port}: .*in use; choose another"):
            LocalAws(port=port).start()


def test_without_node_the_deployment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NodeMissing, match="node: not found"):
        find_cdk()


@pytest.mark.parametrize(
    ("during", "sign"),
    [
        pytest.param("bootstrap", "CDKToolkit: creating", marks=pytest.mark.exhaustive),
        pytest.param("deploy", "Keys: deploying", marks=pytest.mark.exhaustive),
    ],
)
@pytest.mark.slow
def test_a_server_killed_within_a_deployment_is_noticed_and_the_deployment_repeated(
    assembly: Path, during: str, sign: str
) -> None:
    with LocalAws(accounts=(handmade.CENTRAL, handmade.WORKLOAD), organization=handmade.ORGANIZATION) as aws:

        def kill_in_the_middle(line: str) -> None:
            if sign in line and aws.running():
                aws.kill()

        if during == "deploy":
            bootstrap(aws, assembly)
        with pytest.raises(Stopped, match=f"ended during cdk {during}; start it again and repeat the deployment"):
            aws.deploy(assembly, progress=kill_in_the_middle)
        with pytest.raises(Stopped, match="not running"):
            aws.deploy(assembly)
        aws.restart()
        assert aws.session().client("kms").list_keys()["Keys"] == []
        bootstrap(aws, assembly)
        aws.deploy(assembly)
        assert len(aws.session().client("kms").list_keys()["Keys"]) == len(handmade.TENANTS)


def test_a_reset_empties_every_account(aws: LocalAws) -> None:
    with LocalAws() as own:
        session = own.session()
        session.client("kms").create_key()
        session.client("iam").create_user(UserName="someone")
        session.client("s3").create_bucket(
            Bucket="somewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        own.reset()
        assert session.client("kms").list_keys()["Keys"] == []
        assert session.client("iam").list_users()["Users"] == []
        assert session.client("s3").list_buckets()["Buckets"] == []
        assert [entry["operation"] for entry in own.decisions()] == ["ListKeys"]


LAUNCHER = textwrap.dedent(
    """
    import signal, sys, time
    from tenant_keys.local import LocalAws
    with LocalAws() as aws:
        print(aws.directory, aws.port, aws._server.pid, flush=True)
        time.sleep(60)
    """
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_the_server_ends_with_its_launcher_and_takes_its_folder_along(number: signal.Signals) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert launcher.stdout is not None
    folder, _port, pid = launcher.stdout.readline().split()
    launcher.send_signal(number)
    launcher.wait(timeout=PATIENCE)
    assert eventually(lambda: not Path(folder).exists())
    assert eventually(lambda: not _alive(int(pid)))
    launcher.stdout.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and ") Z " in status.read_text())


def test_another_process_attaches_to_a_running_one(aws: LocalAws) -> None:
    other = LocalAws.attach(aws.directory)
    assert other.session().client("sts").get_caller_identity()["Account"] == handmade.CENTRAL
    other.stop()
    assert aws.running()


def test_nothing_to_attach_to_is_said(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="no local AWS runs here"):
        LocalAws.attach(tmp_path)


def test_control_is_closed_to_everybody_else(aws: LocalAws) -> None:
    stranger = LocalAws.attach(aws.directory)
    object.__setattr__(stranger.settings, "control_token", "guessed")
    with pytest.raises(Exception, match="not the launcher"):
        stranger.reset()
