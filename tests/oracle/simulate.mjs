// Decides requests with @cloud-copilot/iam-simulate: one case per line in, one answer per line out, in the same order.
//
// Argument: the folder that holds `node_modules`. A case is {policies, request: {action, resource, context}}; an answer
// is {decision} of the identity-based policies with the keys that were left out of account, or {refused}.

import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

const require = createRequire(resolve(process.argv[2], 'package.json'))
const { runSimulation } = require('@cloud-copilot/iam-simulate')

const ACCOUNT = '111122223333'
const DECISIONS = { Allowed: 'allow', ExplicitlyDenied: 'deny', ImplicitlyDenied: 'implicit deny' }

async function answer({ policies, request }) {
  const outcome = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/ci`,
        action: request.action,
        resource: { resource: request.resource, accountId: ACCOUNT },
        contextVariables: request.context
      },
      identityPolicies: policies.map((policy, index) => ({ name: `${index}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: []
    },
    { simulationMode: 'Strict' }
  )
  if (outcome.resultType === 'error') return { refused: outcome.errors.message }
  if (outcome.resultType !== 'single') return { refused: `result of type ${outcome.resultType}` }
  const { analysis, ignoredContextKeys } = outcome.result
  return { decision: DECISIONS[analysis.identityAnalysis.result], ignored: ignoredContextKeys ?? [] }
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply
  try {
    reply = await answer(JSON.parse(line))
  } catch (error) {
    reply = { refused: `error: ${error.message}` }
  }
  process.stdout.write(JSON.stringify(reply) + '\n')
}
