"""An EKS stack with boto3: `stack.py deploy|update|destroy`. Ids that AWS gives go to $WORK/ids.json."""

import json
import os
import pathlib
import sys

import boto3
from botocore.config import Config

NAME = os.environ["CLUSTER"]
BUCKET = os.environ["STATE_BUCKET"]
REGION = os.environ["AWS_DEFAULT_REGION"]
IDS = pathlib.Path(os.environ["WORK"], "ids.json")
STATE_KEY = f"eks/{NAME}.json"
LOG_GROUP = f"/aws/eks/{NAME}/cluster"
TAGS = {"Environment": "dev", "ManagedBy": "boto3"}
ROLES = {
    "cluster": ("eks.amazonaws.com", ["AmazonEKSClusterPolicy"]),
    "node": ("ec2.amazonaws.com", ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly"]),
    "pods": ("pods.eks.amazonaws.com", []),
}
ADDONS = ("vpc-cni", "eks-pod-identity-agent")
ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

ec2, eks, iam, kms, logs, s3, sqs, ssm, sts = (
    boto3.client(service, config=Config(retries={"total_max_attempts": 1}))
    for service in ("ec2", "eks", "iam", "kms", "logs", "s3", "sqs", "ssm", "sts"))


def pairs(**more):
    return [{"Key": key, "Value": value} for key, value in {**TAGS, **more}.items()]


def tagged(kind, name=NAME):
    return [{"ResourceType": kind, "Tags": pairs(Name=name)}]


def role_arn(name):
    return f"arn:aws:iam::{sts.get_caller_identity()['Account']}:role/{name}"


def network(ids):
    ids["vpc"] = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=ids["vpc"], EnableDnsSupport={"Value": True})
    ids["subnets"] = [
        ec2.create_subnet(VpcId=ids["vpc"], CidrBlock=f"10.1.{zone}.0/24", AvailabilityZone=f"{REGION}{'ab'[zone]}",
                          TagSpecifications=tagged("subnet"))["Subnet"]["SubnetId"]
        for zone in (0, 1)]
    gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))["InternetGateway"]
    ids["gateway"] = gateway["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=ids["gateway"], VpcId=ids["vpc"])
    table = ec2.create_route_table(VpcId=ids["vpc"], TagSpecifications=tagged("route-table"))["RouteTable"]
    ids["table"] = table["RouteTableId"]
    ec2.create_route(RouteTableId=ids["table"], DestinationCidrBlock="0.0.0.0/0", GatewayId=ids["gateway"])
    ids["associations"] = [
        ec2.associate_route_table(RouteTableId=ids["table"], SubnetId=subnet)["AssociationId"]
        for subnet in ids["subnets"]]
    ids["group"] = ec2.create_security_group(
        GroupName=f"{NAME}-nodes", Description="nodes", VpcId=ids["vpc"],
        TagSpecifications=tagged("security-group"))["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=ids["group"], IpPermissions=[
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": ids["group"]}]}])


def roles(_):
    for part, (service, policies) in ROLES.items():
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        try:
            iam.get_role(RoleName=f"{NAME}-{part}")
        except iam.exceptions.NoSuchEntityException:
            iam.create_role(RoleName=f"{NAME}-{part}", AssumeRolePolicyDocument=trust, Tags=pairs())
        for policy in policies:
            iam.attach_role_policy(RoleName=f"{NAME}-{part}", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")


def key_and_logs(ids):
    ids["key"] = kms.create_key(Description=NAME, Tags=[
        {"TagKey": key, "TagValue": value} for key, value in TAGS.items()])["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=ids["key"])
    kms.create_alias(AliasName=f"alias/eks/{NAME}", TargetKeyId=ids["key"])
    logs.create_log_group(logGroupName=LOG_GROUP, tags=TAGS)
    logs.put_retention_policy(logGroupName=LOG_GROUP, retentionInDays=30)


def cluster(ids):
    eks.create_cluster(
        name=NAME, roleArn=role_arn(f"{NAME}-cluster"), version="1.30", tags=TAGS,
        resourcesVpcConfig={"subnetIds": ids["subnets"], "securityGroupIds": [ids["group"]]},
        accessConfig={"authenticationMode": "API"},
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": ids["key"]}}])
    eks.get_waiter("cluster_active").wait(name=NAME)
    issuer = eks.describe_cluster(name=NAME)["cluster"]["identity"]["oidc"]["issuer"]
    ids["provider"] = iam.create_open_id_connect_provider(
        Url=issuer.replace("http:", "https:"), ClientIDList=["sts.amazonaws.com"], Tags=pairs())["OpenIDConnectProviderArn"]


def nodes(ids):
    path = "/aws/service/eks/optimized-ami/1.30/amazon-linux-2023/x86_64/standard/recommended/image_id"
    image = ssm.get_parameter(Name=path)["Parameter"]["Value"]
    template = ec2.create_launch_template(
        LaunchTemplateName=f"{NAME}-nodes", LaunchTemplateData={"ImageId": image, "InstanceType": "m7g.large"},
        TagSpecifications=tagged("launch-template"))["LaunchTemplate"]
    ids["template"] = template["LaunchTemplateId"]
    eks.create_nodegroup(
        clusterName=NAME, nodegroupName="default", nodeRole=role_arn(f"{NAME}-node"), subnets=ids["subnets"], tags=TAGS,
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2},
        launchTemplate={"id": ids["template"], "version": "1"})
    eks.get_waiter("nodegroup_active").wait(clusterName=NAME, nodegroupName="default")


def inside(ids):
    for addon in ADDONS:
        eks.create_addon(clusterName=NAME, addonName=addon, tags=TAGS)
        eks.get_waiter("addon_active").wait(clusterName=NAME, addonName=addon)
    admin = role_arn("Admin")
    eks.create_access_entry(clusterName=NAME, principalArn=admin, tags=TAGS)
    eks.associate_access_policy(clusterName=NAME, principalArn=admin, policyArn=ADMIN_POLICY, accessScope={"type": "cluster"})
    ids["pods"] = eks.create_pod_identity_association(
        clusterName=NAME, namespace="app", serviceAccount="app", tags=TAGS,
        roleArn=role_arn(f"{NAME}-pods"))["association"]["associationId"]
    ids["queue"] = sqs.create_queue(QueueName=f"{NAME}-interruptions", tags=TAGS)["QueueUrl"]


def deploy():
    ids = {}
    for step in (network, roles, key_and_logs, cluster, nodes, inside):
        step(ids)
        IDS.write_text(json.dumps(ids))
    s3.put_object(Bucket=BUCKET, Key=STATE_KEY, Body=json.dumps(ids))


def update():
    ids = json.loads(s3.get_object(Bucket=BUCKET, Key=STATE_KEY)["Body"].read())
    ec2.create_tags(Resources=[ids["vpc"], *ids["subnets"]], Tags=[{"Key": "Team", "Value": "platform"}])
    ec2.authorize_security_group_ingress(GroupId=ids["group"], IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}])
    ec2.create_launch_template_version(
        LaunchTemplateId=ids["template"], SourceVersion="1", LaunchTemplateData={"InstanceType": "m7g.xlarge"})
    iam.update_assume_role_policy(RoleName=f"{NAME}-pods", PolicyDocument=json.dumps(
        iam.get_role(RoleName=f"{NAME}-pods")["Role"]["AssumeRolePolicyDocument"]))
    logs.put_retention_policy(logGroupName=LOG_GROUP, retentionInDays=90)
    arn = eks.describe_cluster(name=NAME)["cluster"]["arn"]
    eks.tag_resource(resourceArn=arn, tags={"Team": "platform"})
    eks.update_nodegroup_config(clusterName=NAME, nodegroupName="default", scalingConfig={"maxSize": 5})
    eks.update_addon(clusterName=NAME, addonName="vpc-cni", resolveConflicts="OVERWRITE")
    eks.update_access_entry(clusterName=NAME, principalArn=role_arn("Admin"), username="admin")
    sqs.set_queue_attributes(QueueUrl=ids["queue"], Attributes={"MessageRetentionPeriod": "300"})
    s3.put_object(Bucket=BUCKET, Key=STATE_KEY, Body=json.dumps(ids))


def destroy():
    ids = json.loads(s3.get_object(Bucket=BUCKET, Key=STATE_KEY)["Body"].read())
    sqs.delete_queue(QueueUrl=ids["queue"])
    eks.delete_pod_identity_association(clusterName=NAME, associationId=ids["pods"])
    eks.disassociate_access_policy(clusterName=NAME, principalArn=role_arn("Admin"), policyArn=ADMIN_POLICY)
    eks.delete_access_entry(clusterName=NAME, principalArn=role_arn("Admin"))
    for addon in reversed(ADDONS):
        eks.delete_addon(clusterName=NAME, addonName=addon)
    eks.delete_nodegroup(clusterName=NAME, nodegroupName="default")
    eks.get_waiter("nodegroup_deleted").wait(clusterName=NAME, nodegroupName="default")
    ec2.delete_launch_template(LaunchTemplateId=ids["template"])
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=ids["provider"])
    eks.delete_cluster(name=NAME)
    eks.get_waiter("cluster_deleted").wait(name=NAME)
    logs.delete_log_group(logGroupName=LOG_GROUP)
    kms.delete_alias(AliasName=f"alias/eks/{NAME}")
    kms.schedule_key_deletion(KeyId=ids["key"], PendingWindowInDays=7)
    for part, (_, policies) in ROLES.items():
        for policy in policies:
            iam.detach_role_policy(RoleName=f"{NAME}-{part}", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        iam.delete_role(RoleName=f"{NAME}-{part}")
    ec2.delete_security_group(GroupId=ids["group"])
    for association in ids["associations"]:
        ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route_table(RouteTableId=ids["table"])
    ec2.detach_internet_gateway(InternetGatewayId=ids["gateway"], VpcId=ids["vpc"])
    ec2.delete_internet_gateway(InternetGatewayId=ids["gateway"])
    for subnet in ids["subnets"]:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=ids["vpc"])
    s3.delete_object(Bucket=BUCKET, Key=STATE_KEY)


{"deploy": deploy, "update": update, "destroy": destroy}[sys.argv[1]]()
