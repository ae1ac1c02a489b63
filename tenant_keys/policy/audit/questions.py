"""Questions to the trail, in SQL for Athena: who used a tenant's key, who was denied, what break-glass did.

A key is asked for by its alias, which the caller named, or by the ARN that the trail resolved it to; the second is
found in the trail itself. Athena's engine is Trino; the tests run the same text by DuckDB, to which they give Trino's
names of four functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from tenant_keys.aws_facts.identity_center import is_pattern
from tenant_keys.manifest import Estate
from tenant_keys.policy import names
from tenant_keys.policy.audit.patterns import USE

TABLE: Final = "cloudtrail_kms"
_KEY: Final = "json_extract_scalar(requestparameters, '$.keyId')"
_ARN: Final = "(element_at(resources, 1)).arn"
_ROLE: Final = "useridentity.sessioncontext.sessionissuer.arn"


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the trail, both of them included: no more of the bucket is read."""

    first: date
    last: date

    @property
    def sql(self) -> str:
        return f"day BETWEEN '{self.first:%Y/%m/%d}' AND '{self.last:%Y/%m/%d}'"


@dataclass(frozen=True, slots=True)
class Question:
    """A query by name."""

    name: str
    asks: str
    """A sentence."""
    of_tenant: bool
    """Whether it is about one tenant."""
    sql: Callable[[Estate, Period, str], str]


def table(bucket: str, organization: str | None, estate: Estate) -> str:
    """The table over a trail's bucket, with partition projection: no crawler, no ADD PARTITION.

    Source: CloudTrail guide, query-event-history-athena; Athena guide, partition-projection.
    """
    prefix = f"s3://{bucket}/AWSLogs/{organization + '/' if organization else ''}"
    central = estate.central
    accounts = ",".join(dict.fromkeys([central.account, *(w.account for w in estate.workloads.values())]))
    return f"""\
CREATE EXTERNAL TABLE {TABLE} (
  eventversion string,
  useridentity struct<type:string, principalid:string, arn:string, accountid:string, invokedby:string,
    accesskeyid:string, username:string, sessioncontext:struct<sessionissuer:struct<type:string,
    principalid:string, arn:string, accountid:string, username:string>>>,
  eventtime string, eventsource string, eventname string, awsregion string, sourceipaddress string,
  useragent string, errorcode string, errormessage string, requestparameters string, responseelements string,
  additionaleventdata string, requestid string, eventid string, readonly string,
  resources array<struct<arn:string, accountid:string, type:string>>, eventtype string, recipientaccountid string)
PARTITIONED BY (account string, region string, day string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION '{prefix}'
TBLPROPERTIES (
  'projection.enabled'='true',
  'projection.account.type'='enum', 'projection.account.values'='{accounts}',
  'projection.region.type'='enum', 'projection.region.values'='{",".join(central.regions)}',
  'projection.day.type'='date', 'projection.day.format'='yyyy/MM/dd', 'projection.day.range'='NOW-1YEARS,NOW',
  'projection.day.interval'='1', 'projection.day.interval.unit'='DAYS',
  'storage.location.template'='{prefix}${{account}}/CloudTrail/${{region}}/${{day}}')
"""


def _used(estate: Estate, period: Period) -> str:
    """Use of keys with the alias that was named, and the tenant behind it, by alias or by key."""
    before, _, after = estate.naming.alias.partition("{id}")
    use = ", ".join(f"'{name}'" for name in USE)
    account = estate.central.account
    return f"""\
WITH used AS (
  SELECT eventtime, eventname, awsregion, sourceipaddress, errorcode, errormessage,
    useridentity.arn AS who, {_ROLE} AS role,
    regexp_extract({_ROLE}, 'role{estate.naming.role_path}([^/]+)/', 1) AS workload,
    nullif(regexp_extract({_KEY}, '{before}([a-z0-9-]+){after}$', 1), '') AS named, {_ARN} AS key
  FROM {TABLE}
  WHERE {period.sql} AND account = '{account}' AND recipientaccountid = '{account}'
    AND eventsource = 'kms.amazonaws.com' AND eventname IN ({use})),
keys AS (
  SELECT key, max(named) AS tenant FROM used
  WHERE errorcode IS NULL AND named IS NOT NULL AND key IS NOT NULL GROUP BY key),
calls AS (
  SELECT used.*, coalesce(used.named, keys.tenant) AS tenant FROM used LEFT JOIN keys ON used.key = keys.key)
"""


def _who_used(estate: Estate, period: Period, tenant: str) -> str:
    return f"""\
{_used(estate, period)}\
SELECT workload, role, awsregion, eventname, count(*) AS calls, min(eventtime) AS first, max(eventtime) AS last
FROM calls WHERE tenant = '{tenant}' AND errorcode IS NULL
GROUP BY workload, role, awsregion, eventname ORDER BY last DESC, role, eventname
"""


def _last_use(estate: Estate, period: Period, tenant: str) -> str:
    return f"""\
{_used(estate, period)}\
SELECT who, role, eventname, coalesce(errorcode, 'ok') AS answer, max(eventtime) AS last, count(*) AS calls
FROM calls WHERE tenant = '{tenant}' AND (errorcode IS NULL OR errorcode NOT LIKE 'AccessDenied%')
GROUP BY who, role, eventname, coalesce(errorcode, 'ok') ORDER BY last DESC, who, eventname
"""


def _denials(estate: Estate, period: Period, _: str) -> str:
    return f"""\
{_used(estate, period)}\
SELECT coalesce(tenant, 'unknown') AS tenant, who, role, eventname, count(*) AS calls, max(eventtime) AS last,
  max(errormessage) AS message
FROM calls WHERE errorcode LIKE 'AccessDenied%'
GROUP BY coalesce(tenant, 'unknown'), who, role, eventname ORDER BY calls DESC, tenant, who, eventname
"""


def _wrong_tenant(estate: Estate, period: Period, _: str) -> str:
    """A record of AWS KMS has no session tags: those of a shared role's session are in the record of AssumeRole."""
    prefix = estate.naming.role_prefix
    return f"""\
{_used(estate, period)},
sessions AS (
  SELECT json_extract_scalar(responseelements, '$.assumedRoleUser.arn') AS who,
    max(json_extract_scalar(requestparameters, '$.principalTags.tenant_id')) AS tag
  FROM {TABLE}
  WHERE {period.sql} AND eventsource = 'sts.amazonaws.com' AND eventname LIKE 'AssumeRole%' AND errorcode IS NULL
  GROUP BY json_extract_scalar(responseelements, '$.assumedRoleUser.arn')),
asked AS (
  SELECT calls.*, coalesce(nullif(regexp_extract(calls.role, '/{prefix}tenant-([a-z0-9-]+)[.]', 1), ''), sessions.tag)
    AS session_of FROM calls LEFT JOIN sessions ON calls.who = sessions.who)
SELECT session_of, tenant, who, eventname, coalesce(errorcode, 'ok') AS answer, count(*) AS calls,
  max(eventtime) AS last
FROM asked WHERE session_of IS NOT NULL AND tenant IS NOT NULL AND session_of <> tenant
GROUP BY session_of, tenant, who, eventname, coalesce(errorcode, 'ok') ORDER BY last DESC, session_of, tenant, eventname
"""


def _sql_role(role: str) -> str:
    """A comparison with the role's ARN, or with the pattern of a permission set's: in SQL `_` is any one character."""
    if not is_pattern(role):
        return f"= '{role}'"
    escaped = role.replace("_", "\\_").replace("?", "_")
    return f"LIKE '{escaped}' ESCAPE '\\'"


def _insights_role(role: str) -> str:
    """The same in the language of Logs Insights, which knows regular expressions."""
    if not is_pattern(role):
        return f'= "{role}"'
    escaped = re.sub(r"[.+/]", r"\\\g<0>", role).replace("?", ".")
    return f"like /^{escaped}$/"


def _break_glass(estate: Estate, period: Period, _: str) -> str:
    role = _sql_role(estate.central.break_glass)
    return f"""\
SELECT eventtime, useridentity.arn AS who, eventname, coalesce({_ARN}, {_KEY}) AS what,
  coalesce(errorcode, 'ok') AS answer, sourceipaddress
FROM {TABLE}
WHERE {period.sql} AND ({_ROLE} {role}
  OR (eventsource = 'sts.amazonaws.com' AND json_extract_scalar(requestparameters, '$.roleArn') {role}))
ORDER BY eventtime, eventname
"""


def _usage(estate: Estate, period: Period, _: str) -> str:
    """For billing: what AWS charges a request for, by tenant and month; a denied request is not charged."""
    return f"""\
{_used(estate, period)}\
SELECT substr(eventtime, 1, 7) AS month, coalesce(tenant, 'unknown') AS tenant, eventname, count(*) AS calls
FROM calls WHERE errorcode IS NULL
GROUP BY substr(eventtime, 1, 7), coalesce(tenant, 'unknown'), eventname ORDER BY month, tenant, eventname
"""


QUESTIONS: Final = (
    Question(
        "who-used", "Who used the tenant's key, from which role, through which workload, and when?", True, _who_used
    ),
    Question("last-use", "Who was the last to ask for the tenant's key, also where it was disabled?", True, _last_use),
    Question("denials-by-tenant", "Whose keys was somebody denied, and who was it?", False, _denials),
    Question("wrong-tenant", "Which sessions of one tenant asked for another tenant's key?", False, _wrong_tenant),
    Question("break-glass-sessions", "What did sessions of the break-glass role do?", False, _break_glass),
    Question("usage-by-tenant", "How often was each tenant's key used in each month?", False, _usage),
)


def logs_insights(question: str, estate: Estate, tenant: str) -> str | None:
    """The question in the language of CloudWatch Logs Insights, where it needs no join; None where it does.

    For a trail that already goes to a log group: the app makes none (see the cost in docs/detection.md).
    """
    central = estate.central
    alias = names.alias_name(tenant, estate.naming) if tenant else ""
    use = ", ".join(f'"{name}"' for name in USE)
    role, breaker = "userIdentity.sessionContext.sessionIssuer.arn", _insights_role(central.break_glass)
    of_kms = f'filter eventSource = "kms.amazonaws.com" and recipientAccountId = "{central.account}"'
    found = {
        "who-used": f"""\
{of_kms} and eventName in [{use}]
| filter not ispresent(errorCode) and requestParameters.keyId like /{alias.replace("/", chr(92) + "/")}$/
| stats count(*) as calls, sortsFirst(eventTime) as first, sortsLast(eventTime) as last by {role}, awsRegion, eventName
| sort last desc""",
        "denials-by-tenant": f"""\
{of_kms} and eventName in [{use}] and errorCode like /AccessDenied/
| stats count(*) as calls, sortsLast(eventTime) as last by requestParameters.keyId, userIdentity.arn, eventName
| sort calls desc""",
        "break-glass-sessions": f"""\
filter {role} {breaker} or requestParameters.roleArn {breaker}
| fields eventTime, userIdentity.arn, eventName, requestParameters.keyId, errorCode, sourceIPAddress
| sort eventTime asc""",
    }
    return found.get(question)
