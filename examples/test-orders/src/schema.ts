import type { Pool } from 'pg'

/** Two schemas of the same tables, and two roles that each can reach one of them. */
const schema = `
  CREATE schema IF NOT EXISTS test_orders;
  CREATE TABLE IF NOT EXISTS public.orders (id text PRIMARY KEY, item text NOT NULL);
  CREATE TABLE IF NOT EXISTS test_orders.orders (LIKE public.orders INCLUDING ALL);
  DO $$ BEGIN
    CREATE ROLE shop_users;
    CREATE ROLE shop_test;
  EXCEPTION WHEN duplicate_object THEN NULL;
  END $$;
  GRANT shop_users, shop_test TO CURRENT_USER;
  GRANT USAGE ON schema public TO shop_users;
  GRANT SELECT, INSERT ON public.orders TO shop_users;
  GRANT USAGE ON schema test_orders TO shop_test;
  GRANT SELECT, INSERT ON test_orders.orders TO shop_test;`

/** Makes the tables and roles, where they are not there yet. */
export async function createSchema(pool: Pool): Promise<void> {
  await pool.query(schema)
}
