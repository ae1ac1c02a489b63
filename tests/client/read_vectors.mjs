// Reads every vector of a file with the Encryption SDK for JavaScript: KMS is the file's recorded data keys.
//
//   node tests/client/read_vectors.mjs FILE...     prints {read, refused} as JSON, fails at the first surprise
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { AliasKeyring, attributeName, checkSignature, objectName, open, openAttribute } from '../../examples/node/tenant_keys.mjs'

const bytes = (text) => Buffer.from(text, 'base64')
let read = 0
let refused = 0

for (const file of process.argv.slice(2)) {
  const { vectors, data_keys: dataKeys } = JSON.parse(readFileSync(file, 'utf8'))
  for (const vector of vectors) {
    const tenantId = vector.tenant_id
    const kms = {
      async decrypt({ KeyId, CiphertextBlob, EncryptionContext }) {
        const sorted = (context) => JSON.stringify(Object.entries(context).sort())
        const found = dataKeys.find((one) => one.alias === KeyId && bytes(one.ciphertext).equals(CiphertextBlob) &&
          sorted(one.context) === sorted(EncryptionContext))
        assert(found, 'InvalidCiphertextException')
        return { KeyId: found.key_id, Plaintext: bytes(found.plaintext) }
      },
    }
    const aliasArn = `arn:aws:kms:eu-west-1:111111111111:alias/tenant-${tenantId}`
    const rest = { tenantId, keyring: new AliasKeyring({ kms, aliasArn, tenantId }) }
    const refuses = async (promise, why) => { await assert.rejects(promise, why); refused += 1 }
    const attacks = async (message, name, context = {}) => {
      await refuses(open(message, { ...rest, name: `${name}x`, context }), /another record/)
      await refuses(open(message, { ...rest, name, context: { ...context, more: 'x' } }), /another context/)
      await refuses(open(message.subarray(0, -1), { ...rest, name, context }), /./)
      await refuses(open(Buffer.concat([message, Buffer.from([0])]), { ...rest, name, context }), /./)
      const other = Buffer.from(message)
      other[other.length - 20] ^= 1
      await refuses(open(other, { ...rest, name, context }), /./)
    }

    if (vector.form === 'message') {
      const { name, context } = vector
      const data = Buffer.concat(Array(vector.times ?? 1).fill(bytes(vector.data)))
      assert((await open(bytes(vector.message), { ...rest, name, context })).equals(data), vector.id)
      await attacks(bytes(vector.message), name, context)
    } else if (vector.form === 's3') {
      const name = objectName(vector.place ?? vector.bucket, vector.key)
      assert((await open(bytes(vector.object), { ...rest, name })).equals(bytes(vector.data)), vector.id)
      await attacks(bytes(vector.object), name)
    } else {
      const key = Object.fromEntries(vector.key.map((name) => [name, vector.stored[name]]))
      const table = vector.place ?? vector.table
      for (const attribute of vector.attributes) {
        assert.equal(attributeName(table, key, attribute), vector.names[attribute], vector.id)
        const message = bytes(vector.stored[attribute].B)
        const value = await openAttribute(message, { ...rest, table, key, attribute })
        assert.deepEqual(value, vector.item[attribute], vector.id)
        await attacks(message, vector.names[attribute])
      }
      if (vector.signed) {
        const covered = [...vector.attributes, ...vector.signed]
        await checkSignature(vector.stored, { ...rest, table, key, covered })
        for (const name of vector.signed) {
          const changed = { ...vector.stored, [name]: { S: 'changed' } }
          await refuses(checkSignature(changed, { ...rest, table, key, covered }), /as it was signed/)
          const { [name]: _, ...dropped } = vector.stored
          await refuses(checkSignature(dropped, { ...rest, table, key, covered }), /as it was signed/)
        }
      }
    }
    read += 1
  }
}
assert(read > 0, 'no vector')
process.stdout.write(JSON.stringify({ read, refused }) + '\n')
