# Runs the installed CDK on the app beside this file; nothing of it is sent anywhere.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export NODE_PATH="$SERVERS/cdk/node_modules" CDK_DISABLE_VERSION_CHECK=1 CI=true CDK_HOME="$WORK/cdk" HOME="$WORK" AWS_REGION="$AWS_DEFAULT_REGION"
export AWS_ENDPOINT_URL_S3="$AWS_ENDPOINT_URL"
CDK_ACCOUNT="$(aws sts get-caller-identity --query Account --output text)"
export CDK_ACCOUNT
cdk() {
  "$SERVERS/cdk/node_modules/.bin/cdk" --app "node $here/app.js" --output "$WORK/cdk.out" --no-version-reporting \
    --no-notices --no-color --progress events "$@"
}
