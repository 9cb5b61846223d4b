"""Pushes and pulls contacts with exchangelib and prints the CPU seconds that each took: the program's own, then the kernel's.

usage: peer.py URL USER MAILBOX COUNT      (password in SIM_PASSWORD, CA in REQUESTS_CA_BUNDLE)
"""

import os
import resource
import sys

import exchangelib
from exchangelib import BASIC, IMPERSONATION, Account, Configuration, Contact, Credentials
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress

url, user, mailbox, count = sys.argv[1:5]
count = int(count)
config = Configuration(
    service_endpoint=url,
    credentials=Credentials(user, os.environ["SIM_PASSWORD"]),
    auth_type=BASIC,
    version=exchangelib.Version(build=exchangelib.version.EXCHANGE_2019, api_version="Exchange2016"),
)
account = Account(mailbox, config=config, autodiscover=False, access_type=IMPERSONATION)
folder = account.contacts


def contact(number):
    return Contact(
        folder=folder,
        given_name="Jörg",
        surname=f"Grünäcker {number}",
        display_name=f"Jörg Grünäcker {number}",
        company_name="Grünäcker GmbH & Co. KG",
        department="Einkauf",
        job_title="Leiter",
        email_addresses=[EmailAddress(label="EmailAddress1", email=f"j.{number}@firma.example")],
        phone_numbers=[
            PhoneNumber(label="BusinessPhone", phone_number=f"+49 911 {number:07}"),
            PhoneNumber(label="MobilePhone", phone_number=f"+49 171 {number:07}"),
        ],
        physical_addresses=[
            PhysicalAddress(
                label="Business", street="Hauptstraße 1", city="Nürnberg", zipcode="90402",
                country="Deutschland",
            )
        ],
        body="Notiz",
    )


begun = resource.getrusage(resource.RUSAGE_SELF)
ids = account.bulk_create(folder=folder, items=[contact(n) for n in range(count)], chunk_size=100)
pushed = resource.getrusage(resource.RUSAGE_SELF)
assert len(ids) == count, len(ids)
found = list(account.fetch(ids=ids, chunk_size=100))
pulled = resource.getrusage(resource.RUSAGE_SELF)
assert len(found) == count and found[-1].surname.startswith("Grünäcker"), found[-1]
for earlier, later in ((begun, pushed), (pushed, pulled)):
    print(later.ru_utime - earlier.ru_utime, later.ru_stime - earlier.ru_stime)
