"""A polite crawl, level by level: one page after the other, and by threads.

Usage: scraping.py START PER_HOST PAGES HOST... The parser is that of the standard library.
"""

import json
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

START, PER_HOST, PAGES = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
HOSTS = sys.argv[4:]
PERMITS = {host: threading.Semaphore(PER_HOST) for host in HOSTS}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The crawl follows them itself, to see when they repeat."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.hrefs, self.title, self.within = [], "", False

    def handle_starttag(self, tag, attributes):
        self.within = tag == "title"
        href = dict(attributes).get("href")
        if tag == "a" and href:
            self.hrefs.append(href)

    def handle_data(self, data):
        if self.within:
            self.title += data
            self.within = False


def get(address):
    """The status, the text, and where it is said to be instead."""
    with PERMITS[urllib.parse.urlsplit(address).netloc]:
        try:
            with OPENER.open(address) as answer:
                return answer.status, answer.read().decode(), ""
        except urllib.error.HTTPError as error:
            error.read()
            return error.code, "", error.headers.get("Location", "")


def page(address):
    at, seen = address, set()
    while at not in seen:
        seen.add(at)
        status, text, location = get(at)
        if status == 200:
            parser = Links()
            parser.feed(text)
            links = [urllib.parse.urljoin(address, href) for href in parser.hrefs]
            return address, parser.title, [normalized(link) for link in links]
        if status // 100 != 3 or not location:
            break
        at = urllib.parse.urljoin(at, location)
    return address, "", []  # not there, or a loop


def normalized(link):
    parts = urllib.parse.urlsplit(link)
    return urllib.parse.urlunsplit(
        (parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", parts.query, ""))


def crawl(level):
    _, rules, _ = get(urllib.parse.urljoin(START, "/robots.txt"))
    forbidden = [line[len("Disallow: "):] for line in rules.splitlines()
                 if line.startswith("Disallow: ")]
    found, known, todo = {}, {START}, [START]
    while todo:
        pages, todo = level(page, todo), []
        for address, title, links in pages:
            if title:
                found[address] = title
            for link in links:
                parts = urllib.parse.urlsplit(link)
                if (parts.netloc in HOSTS and link not in known
                        and not any(parts.path.startswith(rule) for rule in forbidden)):
                    known.add(link)
                    todo.append(link)
    return found


def main():
    begin = time.perf_counter()
    expected = crawl(lambda work, todo: [work(address) for address in todo])
    sequential = time.perf_counter() - begin
    with ThreadPoolExecutor(len(HOSTS) * PER_HOST) as pool:
        begin = time.perf_counter()
        found = crawl(lambda work, todo: list(pool.map(work, todo)))
        pick = time.perf_counter() - begin
    assert found == expected and len(found) == PAGES, f"{len(found)} pages, {len(expected)} before"
    print(json.dumps({"sequential": sequential, "pick": pick, "name": "threading"}))


if __name__ == "__main__":
    main()
