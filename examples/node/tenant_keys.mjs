// Reads in Node what the Python client wrote, with the AWS Encryption SDK for JavaScript.
//
//   const keyring = new AliasKeyring({ kms, aliasArn, tenantId })
//   const data = await open(message, { keyring, tenantId, name: 'orders/42' })
//   const card = await openAttribute(item.card.B, { keyring, tenantId, table: 'orders', key: { pk: item.pk }, attribute: 'card' })
//
// `kms` is a KMS client of a session of the tenant's access role, in the alias's Region, with one method:
// decrypt({ KeyId, CiphertextBlob, EncryptionContext }) -> { KeyId, Plaintext }; `new KMS({ credentials })` of
// @aws-sdk/client-kms has it. docs/format.md describes the bytes.

import { createHash, timingSafeEqual } from 'node:crypto'
import { buildDecrypt } from '@aws-crypto/decrypt-node'
import {
  CommitmentPolicy, immutableClass, KeyringNode, KeyringTraceFlag, AlgorithmSuiteIdentifier,
} from '@aws-crypto/material-management-node'

const { decrypt } = buildDecrypt({
  commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT, maxEncryptedDataKeys: 1,
})
const SUITE = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY
const SIGNATURE = 'tenant_keys_signature'

/** Names the tenant's alias on Decrypt, since IAM allows nothing else; the SDK's own KMS keyrings name the key's ARN. */
export class AliasKeyring extends KeyringNode {
  constructor({ kms, aliasArn, tenantId }) {
    super()
    Object.assign(this, { kms, aliasArn, tenantId })
    Object.freeze(this)
  }

  async _onEncrypt() {
    throw new Error('this example reads; the Python client writes')
  }

  async _onDecrypt(material, encryptedDataKeys) {
    const context = material.encryptionContext
    if (context.tenant_id !== this.tenantId) throw new Error('the message is of another tenant')
    if (encryptedDataKeys.length !== 1) throw new Error('expected one encrypted data key')
    const [{ providerId, providerInfo, encryptedDataKey }] = encryptedDataKeys
    if (providerId !== 'aws-kms') throw new Error(`the data key is not under KMS but ${providerId}`)
    const answer = await this.kms.decrypt({
      KeyId: this.aliasArn, CiphertextBlob: encryptedDataKey, EncryptionContext: { ...context },
    })
    if (answer.KeyId !== providerInfo) throw new Error('the alias leads to another key than the message names')
    return material.setUnencryptedDataKey(new Uint8Array(answer.Plaintext), {
      keyNamespace: 'aws-kms', keyName: providerInfo, flags: KeyringTraceFlag.WRAPPING_KEY_DECRYPTED_DATA_KEY,
    })
  }
}
immutableClass(AliasKeyring)

/** The data of a message, if it is this tenant's, under this context, and of the record with this name. */
export async function open(message, { keyring, tenantId, name, context = {} }) {
  const { plaintext, messageHeader } = await decrypt(keyring, message)
  if (endOf(message) !== message.length) throw new Error('something follows the message') // which the SDK lets pass
  if (messageHeader.suiteId !== SUITE) throw new Error('the message has another algorithm suite')
  const expected = canonical({ ...context, tenant_id: tenantId })
  if (canonical({ ...messageHeader.encryptionContext }) !== expected) throw new Error('the message has another context')
  return withoutName(plaintext, name)
}

/** One attribute in DynamoDB's JSON, such as { S: '4711' } (binaries in base64). `key` is the item's, in the same JSON. */
export async function openAttribute(message, { table, key, attribute, ...rest }) {
  return JSON.parse(await open(message, { ...rest, name: attributeName(table, key, attribute) }))
}

/** Throws unless the item, in DynamoDB's JSON, is the one that was signed. `covered`: what is encrypted and what is signed. */
export async function checkSignature(item, { table, key, covered, ...rest }) {
  const name = canonical(['dynamodb-item', table, asStored({ M: key }).M])
  const signed = await open(Buffer.from(item[SIGNATURE].B, 'base64'), { ...rest, name })
  const names = [...new Set(covered)].sort(byCodePoint)
  const values = Object.fromEntries(names.filter((one) => one in item).map((one) => [one, asStored(item[one])]))
  const digest = createHash('sha512').update(canonical([names, values])).digest()
  if (signed.length !== digest.length || !timingSafeEqual(signed, digest)) throw new Error('the item is not as it was signed')
}

export const attributeName = (table, key, attribute) => canonical(['dynamodb', table, asStored({ M: key }).M, attribute])

export const objectName = (bucket, key) => `s3://${bucket}/${key}`

/** Where a message ends that decrypt() has found to be authentic: the header, the frames, the final frame. */
function endOf(message) {
  let at = 35
  const skip = () => { at += 2 + message.readUInt16BE(at) }
  skip() // context
  at += 2 // one data key
  skip(), skip(), skip() // provider, key ARN, ciphertext
  const frame = message.readUInt32BE(at + 1)
  at += 1 + 4 + 32 + 16 // content type, frame length, commitment, tag
  while (message.readUInt32BE(at) !== 0xffffffff) at += 4 + 12 + frame + 16
  return at + 4 + 4 + 12 + 4 + message.readUInt32BE(at + 20) + 16
}

function withoutName(payload, name) {
  const encoded = Buffer.from(name, 'utf8')
  const start = Buffer.concat([Buffer.from([1, encoded.length >> 8, encoded.length & 255]), encoded])
  if (!payload.subarray(0, start.length).equals(start)) throw new Error('the message belongs to another record')
  return payload.subarray(start.length)
}

/** JSON without spaces, keys sorted by code point. JSON.stringify escapes the same characters as Python does. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const pairs = Object.keys(value).sort(byCodePoint).map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
  return `{${pairs.join(',')}}`
}

const byCodePoint = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) // UTF-8 keeps the order of code points

/** One spelling of a value: numbers without an exponent and without zeros at the end, sets sorted. */
function asStored(value) {
  const [[kind, inner]] = Object.entries(value)
  if (kind === 'N') return { N: number(inner) }
  if (kind === 'NS') return { NS: inner.map(number).sort(byCodePoint) }
  if (kind === 'SS' || kind === 'BS') return { [kind]: [...inner].sort(byCodePoint) }
  if (kind === 'L') return { L: inner.map(asStored) }
  if (kind === 'M') return { M: Object.fromEntries(Object.entries(inner).map(([name, one]) => [name, asStored(one)])) }
  return value
}

function number(text) {
  const [, sign, whole, fraction = '', exponent = '0'] = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text)
  const point = whole.length + Number(exponent)
  const digits = (whole + fraction).padEnd(point, '0').padStart((whole + fraction).length - Math.min(point, 0), '0')
  const at = Math.max(point, 0)
  const left = digits.slice(0, at).replace(/^0+/, '') || '0'
  const right = digits.slice(at).replace(/0+$/, '')
  const plain = right ? `${left}.${right}` : left
  return sign === '-' && plain !== '0' ? `-${plain}` : plain
}
