"""RDS: versions and classes on offer, hosts of China, time, and a MariaDB server behind the one MySQL instance."""

from __future__ import annotations

import string
from typing import Any

import moto.rds.models as models
import moto.rds.responses as responses
import pymysql
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult

from . import lifecycle
from .ec2 import ZONES
from .settings import settings

VERSIONS = ["8.0.40", "8.0.41", "8.0.42", "8.0.43", "8.4.5", "8.4.6"]
"""MySQL versions on offer, oldest first; the last is what an instance gets when none is named."""

CLASSES = [
    "db.t3.micro", "db.t3.small", "db.t3.medium", "db.t4g.medium",
    *(f"db.{family}.{size}" for family in ("m5", "m6g", "m6i", "r5", "r6g") for size in ("large", "xlarge", "2xlarge", "4xlarge")),
]  # fmt: skip
"""Instance classes on offer."""

HASH = "crehearsal01"
"""What RDS puts between an instance's id and the region; the certificate of the MariaDB server names it."""

lifecycle.install(models.DBInstance, "status", "creating", "available")


def host(instance: Any) -> str | None:
    """`Endpoint.Address`: absent until the instance is there, as with RDS."""
    if instance.status == "creating":
        return None
    return f"{instance.db_instance_identifier}.{HASH}.rds.{instance.region}.amazonaws.com.cn"


models.DBInstance.address = property(host)  # type: ignore[method-assign]


def _family(version: str) -> str:
    return "mysql" + version.rsplit(".", 1)[0]


def _matching(version: str | None) -> list[str]:
    return [known for known in VERSIONS if not version or known == version or known.startswith(version + ".")]


def describe_db_engine_versions(self: Any) -> ActionResult:
    """DescribeDBEngineVersions, MySQL only."""
    if self.params.get("Engine", "mysql") != "mysql":
        return ActionResult({"DBEngineVersions": []})
    versions = _matching(self.params.get("EngineVersion"))
    family = self.params.get("DBParameterGroupFamily")
    if self.params.get("DefaultOnly"):
        versions = versions[-1:]
    rows = [
        {
            "Engine": "mysql",
            "EngineVersion": version,
            "DBParameterGroupFamily": _family(version),
            "DBEngineDescription": "MySQL Community Edition",
            "DBEngineVersionDescription": f"MySQL {version}",
            "Status": "available",
            "ValidUpgradeTarget": [],
        }
        for version in versions
        if not family or family == _family(version)
    ]
    return ActionResult({"DBEngineVersions": rows})


def describe_orderable_db_instance_options(self: Any) -> ActionResult:
    """DescribeOrderableDBInstanceOptions, MySQL only, in one page."""
    asked = self.params.get("DBInstanceClass")
    rows = [
        {
            "Engine": "mysql",
            "EngineVersion": version,
            "DBInstanceClass": name,
            "LicenseModel": "general-public-license",
            "AvailabilityZones": [{"Name": self.region + letter} for letter in ZONES[self.region]],
            "MultiAZCapable": True,
            "Vpc": True,
            "SupportsStorageEncryption": True,
            "StorageType": storage,
            "MinStorageSize": 20,
            "MaxStorageSize": 65536,
        }
        for version in _matching(self.params.get("EngineVersion"))
        for name in CLASSES
        for storage in ("gp2", "gp3")
        if (not asked or asked == name) and self.params.get("Engine") == "mysql"
    ]
    return ActionResult({"OrderableDBInstanceOptions": rows})


def create_db_instance(self: Any) -> ActionResult:
    """CreateDBInstance: checks what RDS checks, and gives the MariaDB server the master user."""
    asked = self.params
    if asked.get("Engine") == "mysql":
        version = (_matching(asked.get("EngineVersion")) or [None])[-1]
        if not version:
            raise ServiceException("InvalidParameterCombination", f"Cannot find version {asked.get('EngineVersion')} for mysql")
        if asked["DBInstanceClass"] not in CLASSES:
            raise ServiceException("InvalidParameterValue", f"Invalid DB Instance class: {asked['DBInstanceClass']}")
        asked["EngineVersion"] = version
    password = asked.get("MasterUserPassword")
    if password and (len(password) < 8 or len(password) > 41 or set(password) - set(string.printable) or set(password) & set('/@" ')):
        raise ServiceException("InvalidParameterValue", "The parameter MasterUserPassword is not a valid password.")
    answer = _moto_create(self)
    give_access(asked.get("MasterUsername"), password, asked.get("DBName"))
    return answer


def modify_db_instance(self: Any) -> ActionResult:
    """ModifyDBInstance: a new master password holds for the MariaDB server too."""
    password, id = self.params.get("MasterUserPassword"), self.params["DBInstanceIdentifier"]
    answer = _moto_modify(self)
    if password:
        give_access(self.backend.databases[id].master_username, password, None)
    return answer


def delete_db_instance(self: Any) -> ActionResult:
    """DeleteDBInstance: `deleting` for a while."""
    backend, id = self.backend, self.params["DBInstanceIdentifier"]
    instance = backend.databases.get(id)
    if not instance or settings.slow <= 0 or instance.deletion_protection:
        return _moto_delete(self)
    if instance.status == "deleting":
        raise ServiceException("InvalidDBInstanceState", f"Instance {id} is already being deleted.")
    asked = dict(self.params)
    instance.status = "deleting"
    keep = {
        "db_instance_identifier": id,
        "final_db_snapshot_identifier": asked.get("FinalDBSnapshotIdentifier"),
        "skip_final_snapshot": asked.get("SkipFinalSnapshot", False),
    }
    lifecycle.later(lambda: backend.delete_db_instance(**keep))
    return ActionResult({"DBInstance": instance})


def modify_db_subnet_group(self: Any, subnet_name: str, *args: Any) -> Any:
    """moto forgets a group that was changed."""
    self.subnet_groups[subnet_name] = _moto_modify_group(self, subnet_name, *args)
    return self.subnet_groups[subnet_name]


def give_access(user: str | None, password: str | None, database: str | None) -> None:
    """Makes the master user in the MariaDB server, with TLS required as the parameter group of a deployment does."""
    if not settings.database_socket or not user or not password:
        return
    with pymysql.connect(unix_socket=settings.database_socket, user="root") as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER IF NOT EXISTS %s@'%%'", [user])
        cursor.execute("ALTER USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL", [user, password])
        cursor.execute("GRANT ALL PRIVILEGES ON *.* TO %s@'%%' WITH GRANT OPTION", [user])
        if database:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{database}`")


_moto_create = responses.RDSResponse.create_db_instance
_moto_modify = responses.RDSResponse.modify_db_instance
_moto_delete = responses.RDSResponse.delete_db_instance
_moto_modify_group = models.RDSBackend.modify_db_subnet_group
models.RDSBackend.modify_db_subnet_group = modify_db_subnet_group  # type: ignore[method-assign]

for operation in (
    describe_db_engine_versions, describe_orderable_db_instance_options,
    create_db_instance, modify_db_instance, delete_db_instance,
):  # fmt: skip
    setattr(responses.RDSResponse, operation.__name__, operation)
