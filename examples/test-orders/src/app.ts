import { coalmine } from '@coalmine/express'
import type { MarkerTrust } from '@coalmine/marks'
import express, { type Express } from 'express'
import type { Pool } from 'pg'
import { trafficTransaction } from './traffic-transaction.ts'

/** The shop: it takes orders and shows them. That some are tests is no business of its routes. */
export function shop(pool: Pool, markers: MarkerTrust): Express {
  const app = express()
  app.use(coalmine({ markers }), express.json())
  app.post('/orders', async (req, res) => {
    const { id, item } = req.body as { id: string; item: string }
    await trafficTransaction(pool, (client) =>
      client.query('INSERT INTO orders (id, item) VALUES ($1, $2)', [id, item]),
    )
    res.status(201).json({ id })
  })
  app.get('/orders/:id', async (req, res) => {
    const { rows } = await trafficTransaction(pool, (client) =>
      client.query('SELECT id, item FROM orders WHERE id = $1', [req.params.id]),
    )
    res.status(rows.length > 0 ? 200 : 404).json(rows[0] ?? {})
  })
  return app
}
