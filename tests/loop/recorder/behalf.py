"""The records of what AWS does inside a call, for the caller or with a role of its own, which no proxy can see.

They are made, not observed: the calls that AWS documents or that public records show (service-linked roles, grants on
the key of a cluster, the trial run of a launch template). They stand beside the observed ones in every trail, so that
the loop meets them too.
"""

import uuid


class OnBehalf:
    def __init__(self, recorder, journal):
        self.recorder, self.journal = recorder, journal
        self.linked_roles = set()

    def follow(self, call, identity):
        """The records that follow a call which succeeded."""
        if call.service == "eks" and call.operation == "CreateCluster":
            self._cluster(call, identity)
        if call.service == "eks" and call.operation == "CreateNodegroup":
            self._node_group(call, identity)

    def _cluster(self, call, identity):
        self._linked_role(call, identity, "eks.amazonaws.com", "AWSServiceRoleForAmazonEKS")
        for entry in call.parameters.get("encryptionConfig") or []:
            key = entry["provider"]["keyArn"]
            resources = [{"accountId": self.recorder.account, "type": "AWS::KMS::Key", "ARN": key}]
            grant = {
                "keyId": key, "granteePrincipal": call.parameters["roleArn"],
                "operations": ["Encrypt", "Decrypt", "DescribeKey"],
                "retiringPrincipal": f"eks.{call.region}.amazonaws.com",
            }
            made = {"grantId": uuid.uuid4().hex * 2, "keyId": key}
            self._by(call, identity, "eks.amazonaws.com", "kms", "DescribeKey", {"keyId": key}, None, resources)
            self._by(call, identity, "eks.amazonaws.com", "kms", "CreateGrant", grant, made, resources)

    def _node_group(self, call, identity):
        service = "eks-nodegroup.amazonaws.com"
        self._linked_role(call, identity, service, "AWSServiceRoleForAmazonEKSNodegroup")
        template = call.parameters.get("launchTemplate")
        if template:
            trial = {
                "instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]}, "instanceType": "m3.large",
                "subnetId": call.parameters["subnets"][0], "dryRun": True,
                "launchTemplate": {"launchTemplateId": template.get("id"),
                                   "version": template.get("version", "$Default")},
            }
            outcome = ("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
            self._by(call, identity, "autoscaling.amazonaws.com", "ec2", "RunInstances", trial, None, error=outcome)
        group = {"autoScalingGroupName": f"eks-{call.parameters['nodegroupName']}-{uuid.uuid4()}", "minSize": 1,
                 "maxSize": 3, "vPCZoneIdentifier": ",".join(call.parameters["subnets"])}
        self._by_service_role(call, service, "AWSServiceRoleForAmazonEKSNodegroup", group)

    def _linked_role(self, call, identity, service, name):
        """A service-linked role is made with the first resource that needs it in an account."""
        if name in self.linked_roles:
            return
        self.linked_roles.add(name)
        arn = f"arn:aws:iam::{self.recorder.account}:role/aws-service-role/{service}/{name}"
        role = {"path": f"/aws-service-role/{service}/", "roleName": name, "roleId": "AROAEXAMPLELINKED", "arn": arn}
        self._by(call, identity, "eks.amazonaws.com", "iam", "CreateServiceLinkedRole",
                 {"aWSServiceName": service}, {"role": role})

    def _by(self, call, identity, by, service, operation, parameters, elements, resources=None, error=(None, None)):
        """A forward access session: the caller's identity, through a service."""
        self.journal.add(self.recorder.build(
            {**identity, "invokedBy": by}, service, operation, call.region, parameters, elements,
            operation.startswith("Describe"), resources=resources, error=error, source=by, user_agent=by))

    def _by_service_role(self, call, service, name, parameters):
        """A service acting for itself, which is no use of the caller's role."""
        account, session = self.recorder.account, "EKS"
        issuer = {"type": "Role", "principalId": "AROAEXAMPLELINKED", "accountId": account, "userName": name,
                  "arn": f"arn:aws:iam::{account}:role/aws-service-role/{service}/{name}"}
        identity = {
            "type": "AssumedRole", "principalId": f"AROAEXAMPLELINKED:{session}", "accountId": account,
            "arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}", "invokedBy": service,
            "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
        }
        self.journal.add(self.recorder.build(
            identity, "autoscaling", "CreateAutoScalingGroup", call.region, parameters, None, False,
            source=service, user_agent=service))
