// An EKS stack with CDK, of CloudFormation's own resource types: no custom resource, which would need Lambda and Docker.
const cdk = require("aws-cdk-lib");
const { aws_ec2: ec2, aws_eks: eks, aws_iam: iam, aws_logs: logs } = cdk;

const name = process.env.CLUSTER;
const app = new cdk.App();
const stack = new cdk.Stack(app, name, {
  env: { account: process.env.CDK_ACCOUNT, region: process.env.AWS_DEFAULT_REGION },
});
cdk.Tags.of(stack).add("Environment", "dev");

const vpc = new ec2.CfnVPC(stack, "Vpc", { cidrBlock: "10.3.0.0/16" });
const subnets = ["a", "b"].map((zone, index) =>
  new ec2.CfnSubnet(stack, `Subnet${zone}`, {
    vpcId: vpc.ref,
    cidrBlock: `10.3.${index}.0/24`,
    availabilityZone: `${process.env.AWS_DEFAULT_REGION}${zone}`,
  }));
const role = new iam.Role(stack, "ClusterRole", {
  assumedBy: new iam.ServicePrincipal("eks.amazonaws.com"),
  managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName("AmazonEKSClusterPolicy")],
});
new logs.LogGroup(stack, "LogGroup", {
  logGroupName: `/aws/eks/${name}/cluster`,
  retention: Number(process.env.RETENTION ?? 30),
  removalPolicy: cdk.RemovalPolicy.DESTROY,
});
new eks.CfnCluster(stack, "Cluster", {
  name,
  roleArn: role.roleArn,
  resourcesVpcConfig: { subnetIds: subnets.map((subnet) => subnet.ref) },
});
