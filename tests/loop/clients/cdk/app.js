// An EKS stack with CDK, of CloudFormation's own resource types: no custom resource, which would need Lambda and Docker.
const cdk = require("aws-cdk-lib");
const { aws_ec2: ec2, aws_eks: eks, aws_iam: iam, aws_kms: kms, aws_logs: logs } = cdk;

const name = process.env.CLUSTER;
const region = process.env.AWS_DEFAULT_REGION;
const app = new cdk.App();
const stack = new cdk.Stack(app, name, { env: { account: process.env.CDK_ACCOUNT, region } });
cdk.Tags.of(stack).add("Environment", "dev");

function network() {
  const vpc = new ec2.CfnVPC(stack, "Vpc", { cidrBlock: "10.3.0.0/16" });
  const gateway = new ec2.CfnInternetGateway(stack, "Gateway");
  const attachment = new ec2.CfnVPCGatewayAttachment(stack, "Attachment", { vpcId: vpc.ref, internetGatewayId: gateway.ref });
  const routes = new ec2.CfnRouteTable(stack, "Routes", { vpcId: vpc.ref });
  const route = { routeTableId: routes.ref, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.ref };
  new ec2.CfnRoute(stack, "Route", route).addDependency(attachment);
  return ["a", "b"].map((zone, index) => {
    const place = { vpcId: vpc.ref, cidrBlock: `10.3.${index}.0/24`, availabilityZone: `${region}${zone}` };
    const subnet = new ec2.CfnSubnet(stack, `Subnet${zone}`, place);
    new ec2.CfnSubnetRouteTableAssociation(stack, `Association${zone}`, { subnetId: subnet.ref, routeTableId: routes.ref });
    return subnet.ref;
  });
}

function role(id, service, roleName, ...policies) {
  return new iam.Role(stack, id, {
    roleName,
    assumedBy: new iam.SessionTagsPrincipal(new iam.ServicePrincipal(service)),
    managedPolicies: policies.map((policy) => iam.ManagedPolicy.fromAwsManagedPolicyName(policy)),
  });
}

function cluster(subnetIds) {
  const key = new kms.Key(stack, "Key", { alias: `eks/${name}`, removalPolicy: cdk.RemovalPolicy.DESTROY });
  new logs.LogGroup(stack, "LogGroup", {
    logGroupName: `/aws/eks/${name}/cluster`,
    retention: Number(process.env.RETENTION ?? 30),
    removalPolicy: cdk.RemovalPolicy.DESTROY,
  });
  return new eks.CfnCluster(stack, "Cluster", {
    name,
    roleArn: role("ClusterRole", "eks.amazonaws.com", undefined, "AmazonEKSClusterPolicy").roleArn,
    resourcesVpcConfig: { subnetIds },
    encryptionConfig: [{ resources: ["secrets"], provider: { keyArn: key.keyArn } }],
  });
}

function nodes(clusterName, subnets) {
  const template = new ec2.CfnLaunchTemplate(stack, "Template", { launchTemplateData: { instanceType: "m6i.large" } });
  new eks.CfnNodegroup(stack, "Nodes", {
    clusterName,
    nodegroupName: "default",
    nodeRole: role("NodeRole", "ec2.amazonaws.com", undefined, "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy").roleArn,
    subnets,
    scalingConfig: { minSize: 1, maxSize: Number(process.env.NODES ?? 3), desiredSize: 1 },
    launchTemplate: { id: template.ref, version: template.attrLatestVersionNumber },
  });
}

const subnets = network();
nodes(cluster(subnets).ref, subnets);
role("PodsRole", "pods.eks.amazonaws.com", `${name}-pods`);
