"""`tenant-keys init`: an estate of one's own, in a folder apart from the tool."""

from tenant_keys.operations.new_estate.answers import Answers, AnswersRefused
from tenant_keys.operations.new_estate.files import estate_files
from tenant_keys.operations.new_estate.folder import FolderRefused, Placed, Plan, plan_files

__all__ = ["Answers", "AnswersRefused", "FolderRefused", "Placed", "Plan", "estate_files", "plan_files"]
