"""The ledger's items in a DynamoDB table."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from ..contract import DUE_INDEX, PARTITION_KEY, SORT_KEY
from ..json_types import as_list, as_mapping
from .store import Change, Conflict, IndexPage, InvalidChange, Item, Key, ScanPage, StoreBusy, StoreUnavailable, Write
from .update import Attribute, Condition, Operand, Sum, Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactGetItemTypeDef, TransactWriteItemTypeDef

MAX_TRANSACTION_ITEMS: Final = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html"""

_FINAL_ERRORS: Final = {
    "AccessDeniedException",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
    "ValidationException",
}


class DynamoDBStore:
    """A DynamoDB table with the keys ``pk`` and ``sk`` and the index ``due`` (``due``, ``due_at``)."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name
        self._serialize = TypeSerializer().serialize
        self._deserialize = TypeDeserializer().deserialize

    def get(self, key: Key) -> Item | None:
        """Return an item with a strongly consistent read."""
        try:
            response = self._client.get_item(TableName=self._table_name, Key=self._key(key), ConsistentRead=True)
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error
        return self._item(response["Item"]) if "Item" in response else None

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        """Return several items as they were at one moment."""
        items: list[Item | None] = []
        for start in range(0, len(keys), MAX_TRANSACTION_ITEMS):
            chunk = keys[start : start + MAX_TRANSACTION_ITEMS]
            gets: list[TransactGetItemTypeDef] = [
                {"Get": {"TableName": self._table_name, "Key": self._key(key)}} for key in chunk
            ]
            try:
                responses = self._client.transact_get_items(TransactItems=gets)["Responses"]
            except (ClientError, BotoCoreError) as error:
                raise _unavailable(error) from error
            items += [self._item(response["Item"]) if "Item" in response else None for response in responses]
        return items

    def index(self, due: str, until: int | None, after: object = None) -> IndexPage:
        """Return a page of keys from the index, oldest first."""
        condition, values = "due = :due", {":due": {"S": due}}
        if until is not None:
            condition += " AND due_at <= :until"
            values[":until"] = {"N": str(until)}
        parameters: dict[str, Any] = {"ExclusiveStartKey": after} if after is not None else {}
        try:
            page = self._client.query(
                TableName=self._table_name,
                IndexName=DUE_INDEX,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                **parameters,
            )
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error
        keys = [(item[PARTITION_KEY], item[SORT_KEY]) for item in map(self._item, page["Items"])]
        return IndexPage(keys, page.get("LastEvaluatedKey"))

    def scan(self, after: object = None) -> ScanPage:
        """Return a page of all items in the table, with a strongly consistent read."""
        parameters: dict[str, Any] = {"ExclusiveStartKey": after} if after is not None else {}
        try:
            page = self._client.scan(TableName=self._table_name, ConsistentRead=True, **parameters)
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error
        return ScanPage([self._item(item) for item in page["Items"]], page.get("LastEvaluatedKey"))

    def write(self, writes: Sequence[Write | Change]) -> None:
        """Perform all writes, or perform none and raise ``Conflict``."""
        try:
            self._client.transact_write_items(TransactItems=[self._transaction_item(write) for write in writes])
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            reasons = _reasons(error)
            # A conflict with another transaction says nothing about the conditions, so the same write is tried again.
            if code == "TransactionCanceledException" and ("ConditionalCheckFailed" in reasons or not reasons):
                raise Conflict from error
            if code == "TransactionCanceledException" and "ValidationError" in reasons:
                raise InvalidChange from error
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error

    def update(self, key: Key, update: Update) -> Item | None:
        """Change an item in place and return it; return ``None`` where the update's condition does not hold."""
        try:
            response = self._client.update_item(**self._update_action(key, update), ReturnValues="ALL_NEW")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
                return None
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error
        return self._item(response["Attributes"])

    def _update_action(self, key: Key, update: Update) -> Any:
        expressions = _Expressions()
        assignments = [f"{expressions.name(name)} = {expressions.of(value)}" for name, value in update.values.items()]
        action: dict[str, Any] = {
            "TableName": self._table_name,
            "Key": self._key(key),
            "UpdateExpression": f"SET {', '.join(assignments)}",
        }
        if update.condition is not None:
            action["ConditionExpression"] = expressions.condition(update.condition)
        if expressions.values:
            action["ExpressionAttributeValues"] = expressions.values
        return {**action, "ExpressionAttributeNames": expressions.names}

    def _transaction_item(self, write: Write | Change) -> "TransactWriteItemTypeDef":
        if isinstance(write, Change):
            return {"Update": self._update_action(write.key, write.update)}
        # A plain dict is used because conditions with and without a value do not fit one TypedDict.
        action: Any = {"TableName": self._table_name, "ConditionExpression": "attribute_not_exists(pk)"}
        if write.expected_version:
            action["ConditionExpression"] = "version = :version"
            action["ExpressionAttributeValues"] = {":version": {"N": str(write.expected_version)}}
        if write.expected_claim_id:
            action["ConditionExpression"] = " AND ".join((action["ConditionExpression"], "claim_id = :claim_id"))
            action["ExpressionAttributeValues"][":claim_id"] = {"S": write.expected_claim_id}
        if write.item is None:
            action["Key"] = self._key(write.key)
            return {"Delete": action}
        action["Item"] = {name: self._serialize(value) for name, value in write.item.items()}
        return {"Put": action}

    def _key(self, key: Key) -> dict[str, Any]:
        return {PARTITION_KEY: {"S": key[0]}, SORT_KEY: {"S": key[1]}}

    def _item(self, item: dict[str, Any]) -> Item:
        return {name: _plain(self._deserialize(value)) for name, value in item.items()}


class _Expressions:
    """The expressions of one update, with placeholders for all names and values.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._placeholders: dict[str, str] = {}
        self.values: dict[str, dict[str, str]] = {}

    def name(self, attribute: str) -> str:
        # A name may contain what a placeholder may not.
        placeholder = self._placeholders.setdefault(attribute, f"#n{len(self._placeholders)}")
        self.names[placeholder] = attribute
        return placeholder

    def of(self, value: Operand | Sum) -> str:
        match value:
            case Sum(left, right):
                return f"{self.of(left)} + {self.of(right)}"
            case Attribute(name, default):
                return f"if_not_exists({self.name(name)}, {self.of(default)})"
            case int():
                placeholder = f":v{len(self.values)}"
                self.values[placeholder] = {"N": str(value)}
                return placeholder

    def condition(self, condition: Condition) -> str:
        compared = f"{self.name(condition.name)} {condition.comparison} {self.of(condition.value)}"
        if not condition.holds_if_absent:
            return compared
        return " OR ".join((f"attribute_not_exists({self.name(condition.name)})", compared))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value)
    if (elements := as_list(value)) is not None:
        return [_plain(element) for element in elements]
    if (members := as_mapping(value)) is not None:
        return {key: _plain(member) for key, member in members.items()}
    return value


def _unavailable(error: ClientError | BotoCoreError) -> Exception:
    if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in _FINAL_ERRORS:
        # Not retryable: the table or the role must be fixed.
        return error
    if isinstance(error, ClientError) and "TransactionConflict" in _reasons(error):
        return StoreBusy("TransactionConflict")
    return StoreUnavailable(type(error).__name__)


def _reasons(error: ClientError) -> set[str]:
    return {str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])}
