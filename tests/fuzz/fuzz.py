"""Throws made-up requests at a service of its own, and asks three things of every answer: that it is
no failure of the service, that openapi.yaml says it, and that what is not lawful is refused. Before that, faults are planted, and
must be found: one that finds nothing then could find nothing ever.

`make fuzz` runs it. Everything is drawn from a seed; the same seed on the same commit asks the same.
"""

import argparse
import html.parser
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

import requests
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery staple"
CHECKS = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
    ]
)
# How a bad request may be refused. 412 is not among schemathesis's own: `If-Match` is looked at
# before the content (RFC 9110, 13.2.1), so it may come first.
REFUSALS = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 428, 429, "5xx"]
"""
# What would end the session that asks, or take its user's access away.
LEFT_OUT = [
    "delete_session",
    "delete_all_sessions",
    "delete_staff_session",
    "admin_disable_user",
    "admin_reset_user",
]


class Service:
    """A service on data of its own."""

    def __init__(self, binary, folder):
        self.binary, self.folder = str(binary), folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.environment = {**os.environ, "RUST_LOG": "warn"}
        print("loading the demonstration …", flush=True)
        self.run("demo")
        self.log = open(folder / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [self.binary, "--data-dir", str(folder), "serve", "--show-codes"]
            + ["--listen", "127.0.0.1:0", "--close-day-after", "8760"],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env=self.environment,
        )
        said = ""
        while "shown on" not in said:
            line = self.process.stdout.readline()
            if not line:
                sys.exit(f"the service does not start: see {folder / 'log'}")
            said += line
        self.url = re.search(r"answers on (http://\S+)", said)[1]
        self.codes = re.search(r"shown on (http://\S+)", said)[1]

    def run(self, *arguments, typed=None):
        command = [self.binary, "--data-dir", str(self.folder), *arguments]
        done = subprocess.run(
            command, input=typed, text=True, capture_output=True, env=self.environment, check=False
        )
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.log.close()

    def ask(self, method, path, token=None, **more):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.request(method, self.url + path, headers=headers, timeout=30, **more)
        answer.raise_for_status()
        return answer.json()

    def staff(self, username):
        credentials = {"username": username, "password": PASSWORD}
        return self.ask("POST", "/v1/auth/staff-sessions", json=credentials)["token"]

    def citizen(self, administrator):
        region = self.ask("GET", "/v1/regions")["regions"][-1]["region_id"]
        person = {"name": "Kim Fuzz", "birth_date": "1961-02-03", "phone": "010-9876-5432"}
        wanted = {**person, "region_id": region}
        self.ask("POST", "/v1/admin/persons", administrator, json=wanted)
        self.ask("POST", "/v1/auth/codes", json=person)
        code = requests.get(self.codes, headers={"Accept": "application/json"}, timeout=30).json()[0]
        answer = {"challenge_id": code["challenge_id"], "code": code["code"]}
        return self.ask("POST", "/v1/auth/sessions", json=answer)["token"]


def schemathesis(service, role, token, seconds, seed, contract=ROOT / "openapi.yaml", only=None):
    """Requests made up from the contract; whether nothing was found."""
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    (service.folder / "schemathesis.toml").write_text(REFUSALS, encoding="utf-8")
    command = [str(program), "run", str(contract), "--url", service.url]
    command += ["--checks", CHECKS, "--seed", str(seed), "--max-time", str(seconds)]
    command += ["--max-examples", "20", "--phases", "examples,coverage,fuzzing", "--no-color"]
    command += ["--generation-database", "none", "--warnings", "off", "--continue-on-failure"]
    command += ["--request-timeout", "30", "--no-shrink"]
    for operation in LEFT_OUT if only is None else []:
        command += ["--exclude-operation-id", operation]
    if only is not None:
        command += ["--include-operation-id", only]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    print(f"\n== {contract.name} as {role}", flush=True)
    quiet = subprocess.DEVNULL if only is not None else None
    return subprocess.run(command, check=False, cwd=service.folder, stdout=quiet).returncode == 0


class Page(html.parser.HTMLParser):
    """The links and forms of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.forms, self.form, self.select = [], [], None, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        at = dict(attributes)
        if tag == "a" and at.get("href"):
            self.links.append(at["href"])
        elif tag == "form":
            self.form = {"action": at.get("action"), "method": at.get("method", "get"), "fields": []}
            self.form["is_file"] = at.get("enctype") == "multipart/form-data"
            self.forms.append(self.form)
        elif self.form is not None and tag in ("input", "button", "textarea") and at.get("name"):
            kind = at.get("type", "text" if tag != "button" else "submit")
            self.form["fields"].append((at["name"], kind, at.get("value", "")))
        elif self.form is not None and tag == "select" and at.get("name"):
            self.select = at["name"]
        elif self.form is not None and tag == "option" and self.select:
            self.form["fields"].append((self.select, "option", at.get("value", "")))

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None


ODD = [
    "",
    " ",
    "0",
    "-1",
    "01",
    "7.5",
    "2147483648",
    "9" * 30,
    "2021-02-30",
    "2021-07-26",
    "9999-12-31",
    "24:00",
    "25:61",
    "김민지",
    "e\u0301\u200b\ufeff",
    "\u202eabc",
    "a\u0000b",
    "<script>alert(1)</script>",
    "' or 1=1 --",
    "{{7*7}}",
    "%00%ff",
    "x" * 5000,
    "010-1234-5678",
    "on",
    "00000000-0000-0000-0000-000000000000",
    "🏥" * 50,
]


def filled(form, draw):
    """A form as somebody might send it: mostly what stands in it, sometimes anything."""
    sent = {}
    for name, kind, value in form["fields"]:
        if kind in ("checkbox", "radio", "option", "submit") and name in sent and draw.random() < 0.5:
            continue
        if kind == "checkbox" and draw.random() < 0.5:
            continue
        if draw.random() < 0.05:
            continue
        keeps = kind in ("hidden", "option", "radio", "checkbox", "submit")
        sent[name] = value if keeps and draw.random() < 0.9 else draw.choice([value, *ODD])
    return sent


# Whatever ends the session, or the access of the user who crawls.
ENDS = re.compile(r"/sign-out|/users/|/assets/|/calendar|/docs|/openapi|/export|/template")


def crawl(service, role, cookie, seconds, seed, through=None):
    """Follows links and presses buttons; what was found, in words."""
    at = through or service.url
    draw, found, seen = random.Random(f"{seed} {role}"), [], set()
    session = requests.Session()
    # The cookies are for TLS only; a browser sends them to its own machine too.
    session.headers["Cookie"] = cookie
    session.headers["Origin"] = at
    starts = ["/en", "/ko", "/en/me", "/en/staff", "/en/admin", "/en/sign-in", "/en/call-centre"]
    starts += ["/en/admin/campaigns", "/en/admin/pools", "/en/admin/clinics", "/en/admin/persons"]
    waiting, until, asked = list(starts), time.monotonic() + seconds, 0

    def visit(method, path, **more):
        nonlocal asked
        asked += 1
        answer = session.request(method, at + path, allow_redirects=False, timeout=30, **more)
        if answer.status_code >= 500 or answer.status_code == 405:
            found.append(f"{role}: {method} {path} {more}: {answer.status_code} {answer.text[:200]}")
        if "x-content-type-options" not in answer.headers:
            found.append(f"{role}: {method} {path}: no X-Content-Type-Options")
        return answer

    while time.monotonic() < until:
        if not waiting:
            waiting = list(starts)
        path = waiting.pop(draw.randrange(len(waiting)))
        answer = visit("GET", path)
        if "location" in answer.headers:
            where = urllib.parse.urljoin(path, answer.headers["location"])
            if where not in seen:
                seen.add(where)
                waiting.append(where)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        page = Page(answer.text)
        for link in page.links:
            link = urllib.parse.urldefrag(urllib.parse.urljoin(path, link)).url
            shape = re.sub(r"\d+", "0", link)
            if link.startswith("/") and not ENDS.search(link):
                if (shape, len(seen) % 7) not in seen:
                    seen.add((shape, len(seen) % 7))
                    waiting.append(link)
        # So many links at once would leave no time for forms.
        waiting = waiting[-400:]
        for form in page.forms:
            action = urllib.parse.urljoin(path, form["action"] or path)
            if ENDS.search(action) or draw.random() < 0.3:
                continue
            sent = filled(form, draw)
            if form["method"].lower() == "get":
                visit("GET", f"{action}?{urllib.parse.urlencode(sent)}")
            elif form["is_file"]:
                odd = draw.choice(ODD).encode()
                files = {"file": ("odd.csv", draw.choice([b"code,name\n1,2\n", odd]), "text/csv")}
                visit("POST", action, data=sent, files=files)
            else:
                pressed = visit("POST", action, data=sent)
                where = pressed.headers.get("location")
                if where:
                    waiting.append(urllib.parse.urljoin(action, where))
    print(f"== pages as {role}: {asked} requests, {len(found)} found", flush=True)
    return found


class Spoiler(http.server.BaseHTTPRequestHandler):
    """Hands requests on, and spoils the answers of one kind of page."""

    target, spoilt = "", re.compile(r"^/(en|ko)/admin/pools\b")

    def do_GET(self):  # pylint: disable=invalid-name
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        answer = requests.request(
            self.command,
            self.target + self.path,
            headers=dict(self.headers),
            data=body,
            allow_redirects=False,
            timeout=30,
        )
        is_spoilt = self.spoilt.match(self.path)
        self.send_response(500 if is_spoilt else answer.status_code)
        for name in ["Content-Type", "Location", "X-Content-Type-Options"]:
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_GET

    def log_message(self, *_):
        """Nothing: there are thousands."""


def wrong(folder, name, change):
    """A copy of the contract that is wrong in one place."""
    document = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    change(document)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document, default=str), encoding="utf-8")
    return path


def missed(service, boss, seconds, seed):
    """The planted faults that were not found."""

    def undocumented(document):
        del document["paths"]["/v1/admin/regions"]["post"]["responses"]["422"]

    def too_strict(document):
        document["components"]["parameters"]["limit"]["schema"]["maximum"] = 5

    planted = [
        ("an answer that is not documented", undocumented, "admin_post_region"),
        ("something done that is not lawful", too_strict, "admin_list_clinics"),
    ]
    left = []
    for what, change, operation in planted:
        contract = wrong(service.folder, operation, change)
        if schemathesis(service, "a control", boss, seconds, seed, contract, operation):
            left.append(what)
        if not schemathesis(service, "a control", boss, seconds, seed, only=operation):
            left.append(f"{operation} is found to be wrong where nothing is planted")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Spoiler)
    Spoiler.target = service.url
    threading.Thread(target=server.serve_forever, daemon=True).start()
    through = f"http://127.0.0.1:{server.server_address[1]}"
    found = crawl(service, "a control", f"__Host-staff={boss}", seconds, seed, through)
    server.shutdown()
    if not any("/admin/pools" in one and ": 500 " in one for one in found):
        left.append("a page that fails")
    return [f"PLANTED, and not found: {what}" for what in left]


def main():
    """Runs all of it, within the time that is given."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", type=pathlib.Path, required=True)
    arguments.add_argument("--folder", type=pathlib.Path, default=ROOT / "target" / "fuzz")
    arguments.add_argument("--seconds", type=int, default=480)
    arguments.add_argument("--seed", type=int, default=20210712)
    given = arguments.parse_args()
    service = Service(given.binary, given.folder / "data")
    try:
        service.run("user", "add", "--username", "fuzz.boss", "--administrator", typed=PASSWORD)
        boss = service.staff("fuzz.boss")
        clinic = service.ask("GET", "/v1/admin/clinics?limit=1", boss)["clinics"][0]["code"]
        service.run("user", "add", "--username", "fuzz.desk", "--clinic", clinic, typed=PASSWORD)
        desk, citizen = service.staff("fuzz.desk"), service.citizen(boss)
        share, good = given.seconds // 9, True
        found = missed(service, boss, max(share // 5, 5), given.seed)
        for role, token in [("nobody", None), ("citizen", citizen), ("staff", desk)]:
            good &= schemathesis(service, role, token, share, given.seed)
        good &= schemathesis(service, "administrator", boss, 2 * share, given.seed)
        for role, cookie in [
            ("citizen", f"__Host-citizen={citizen}"),
            ("staff", f"__Host-staff={desk}"),
            ("administrator", f"__Host-staff={boss}"),
        ]:
            found += crawl(service, role, cookie, share, given.seed)
        verified = service.run("verify")
    finally:
        service.stop()
    print(verified)
    log = (service.folder / "log").read_text(encoding="utf-8")
    found += [line for line in log.splitlines() if " ERROR " in line]
    for one in found:
        print("FOUND", one)
    (given.folder / "found.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    sys.exit(0 if good and not found else 1)


if __name__ == "__main__":
    main()
