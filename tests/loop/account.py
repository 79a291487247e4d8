"""The test's own hand in the account, as its root user: sets it up, gives the pipeline's role a policy and a session.

    account.py prepare PATH NAME BUCKET [POLICY...]

makes the state bucket, the role that a pipeline assumes, with exactly these policies (with everything where there is
none), and two roles of almost the same name, which do something too; prints the credentials of a session of the role.
"""

import base64
import json
import os
import pathlib
import sys
import time

import boto3
import botocore.config
from botocore import UNSIGNED

PROVIDER = "token.actions.githubusercontent.com"
EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
SUBJECT = "repo:acme/infra:ref:refs/heads/main"


def client(service, **settings):
    return boto3.client(service, config=botocore.config.Config(**settings))


def prepare(path, name, bucket, *policies):
    location = {"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]}
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
    provider = client("iam").create_open_id_connect_provider(
        Url=f"https://{PROVIDER}", ClientIDList=["sts.amazonaws.com"])["OpenIDConnectProviderArn"]
    # A policy that holds what these did has mixed up principals.
    for stranger in (("/", f"{name}-legacy"), (path, f"{name}-2")):
        delete_bucket(session(role(provider, *stranger)))
    documents = [pathlib.Path(policy).read_text() for policy in policies]
    print(json.dumps(session(role(provider, path, name, *documents))))


def role(provider, path, name, *documents):
    """A role that the pipeline may assume, with these managed policies."""
    condition = {"StringEquals": {f"{PROVIDER}:aud": "sts.amazonaws.com", f"{PROVIDER}:sub": SUBJECT}}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition,
                 "Principal": {"Federated": provider}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = client("iam")
    arn = iam.create_role(Path=path, RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    for position, document in enumerate(documents or [EVERYTHING]):
        policy = iam.create_policy(PolicyName=f"{name}-{position}", PolicyDocument=document)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    return arn


def session(role_arn):
    """As a pipeline does: with the token of its identity provider, and no key."""
    answer = client("sts", signature_version=UNSIGNED).assume_role_with_web_identity(
        RoleArn=role_arn, RoleSessionName=f"gha-{int(time.time())}", WebIdentityToken=token())
    found = answer["Credentials"]
    return {"AWS_ACCESS_KEY_ID": found["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
            "AWS_SESSION_TOKEN": found["SessionToken"]}


def token():
    """The server checks the claims of a token and not its signature."""
    claims = {"iss": f"https://{PROVIDER}", "sub": SUBJECT, "aud": "sts.amazonaws.com", "exp": int(time.time()) + 3600}
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return ".".join([part({"alg": "RS256", "typ": "JWT"}), part(claims), "c2ln"])


def delete_bucket(credentials):
    s3 = boto3.client("s3", aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
                      aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
                      aws_session_token=credentials["AWS_SESSION_TOKEN"])
    try:
        s3.delete_bucket(Bucket="nobody-has-this-one")
    except s3.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchBucket", error


if __name__ == "__main__":
    assert sys.argv[1] == "prepare", __doc__
    prepare(*sys.argv[2:])
