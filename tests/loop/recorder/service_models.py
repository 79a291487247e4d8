"""What botocore knows of the services that the clients call: their operations, by signing name and by protocol."""

import functools

import botocore.session

SERVICES = (
    "acm", "autoscaling", "cloudformation", "cloudtrail", "dynamodb", "ec2", "ecr", "eks", "elb", "elbv2", "events",
    "iam", "kms", "lambda", "logs", "route53", "s3", "secretsmanager", "sqs", "ssm", "sts",
)


@functools.cache
def by_signing_name():
    """Signing name -> models; `elasticloadbalancing` has two."""
    session, models = botocore.session.get_session(), {}
    for service in SERVICES:
        model = session.get_service_model(service)
        models.setdefault(model.signing_name, []).append(model)
    return models


@functools.cache
def by_target_prefix():
    """What stands before the dot in `X-Amz-Target` -> model."""
    models = (model for group in by_signing_name().values() for model in group)
    return {model.metadata["targetPrefix"]: model for model in models if model.metadata.get("targetPrefix")}


def query_operation(service, operation, version):
    """The operation of a query-protocol call; where two models share a signing name, the API version tells."""
    models = by_signing_name().get(service, [])
    for model in models:
        if operation in model.operation_names and (len(models) == 1 or model.api_version == version):
            return model.operation_model(operation)
    return None
