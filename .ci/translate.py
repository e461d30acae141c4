"""Translates the SAM template on standard input to CloudFormation as JSON.

The translation is the one AWS runs at deployment (aws-sam-translator). Local
code folders become a placeholder in S3, as `sam package` would make them; no
AWS account is asked for anything.
"""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class NoManagedPolicies:
    """The template names no managed policy, so there is nothing to look up."""

    def load(self):
        return {}


def main():
    template = yaml_parse(sys.stdin.read())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    translated = transform(template, {}, NoManagedPolicies(), passthrough_metadata=True)
    json.dump(translated, sys.stdout, indent=2)


main()
