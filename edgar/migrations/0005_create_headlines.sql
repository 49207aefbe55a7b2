-- Headline items: what an analyst asks for, and the XBRL tags that hold it, in order of preference.
--
-- Tags change over the years and differ by company. Which tag counts as revenue is the data owner's decision, so it stands
-- in a table: add, remove or reorder rows of edgar.headline_concept, and every tool follows.

set local lock_timeout = '5s';

create table if not exists edgar.headline_item (
  item text not null,
  label text not null,
  statement text not null,
  period_type edgar.period_type not null,
  unit_pattern text not null,
  is_additive boolean not null,
  position integer not null,
  constraint pk_headline_item primary key (item),
  constraint unique_headline_item_position unique (position),
  constraint check_headline_item_item check (item ~ '^[a-z][a-z0-9_]*$'),
  constraint check_headline_item_statement check (statement in ('income', 'balance', 'cash_flow'))
);

comment on table edgar.headline_item is 'A figure analysts ask for by name, whatever tag a company reports it under.';
comment on column edgar.headline_item.item is 'Name of the headline item, such as revenue or net_income.';
comment on column edgar.headline_item.label is 'The item in words.';
comment on column edgar.headline_item.statement is 'Statement it stands in: income, balance or cash_flow.';
comment on column edgar.headline_item.period_type is 'duration = over a period; instant = on the last day of it.';
comment on column edgar.headline_item.unit_pattern is 'Regular expression that a fact''s unit must match.';
comment on column edgar.headline_item.is_additive is
  'True when the quarters of a year add up to the year, so that a missing quarter can be derived.';
comment on column edgar.headline_item.position is 'Place in a list of items.';

create table if not exists edgar.headline_concept (
  item text not null,
  taxonomy text not null,
  tag text not null,
  preference integer not null,
  constraint pk_headline_concept primary key (item, taxonomy, tag),
  constraint unique_headline_concept_preference unique (item, preference),
  constraint fk_headline_concept_headline_item foreign key (item) references edgar.headline_item (item) on delete cascade,
  constraint fk_headline_concept_concept foreign key (taxonomy, tag) references edgar.concept (taxonomy, tag) on delete cascade,
  constraint check_headline_concept_preference check (preference >= 1)
);

comment on table edgar.headline_concept is
  'The tags that hold a headline item. Where one filing reports several, the lowest preference counts.';
comment on column edgar.headline_concept.item is 'Name of the headline item.';
comment on column edgar.headline_concept.taxonomy is 'XBRL taxonomy of the tag.';
comment on column edgar.headline_concept.tag is 'XBRL tag that holds the item.';
comment on column edgar.headline_concept.preference is 'Order of preference within the item, 1 first.';

insert into edgar.concept (taxonomy, tag, label)
values
  ('dei', 'EntityCommonStockSharesOutstanding', 'Shares outstanding, on the cover page'),
  ('dei', 'EntityPublicFloat', 'Public float'),
  ('us-gaap', 'Assets', 'Total assets'),
  ('us-gaap', 'AssetsCurrent', 'Current assets'),
  ('us-gaap', 'CashAndCashEquivalentsAtCarryingValue', 'Cash and cash equivalents'),
  ('us-gaap', 'CommonStockSharesOutstanding', 'Common stock, shares outstanding'),
  ('us-gaap', 'CostOfGoodsAndServicesSold', 'Cost of goods and services sold'),
  ('us-gaap', 'CostOfRevenue', 'Cost of revenue'),
  ('us-gaap', 'EarningsPerShareBasic', 'Earnings per share, basic'),
  ('us-gaap', 'EarningsPerShareDiluted', 'Earnings per share, diluted'),
  ('us-gaap', 'GrossProfit', 'Gross profit'),
  ('us-gaap', 'IncomeTaxExpenseBenefit', 'Income tax'),
  ('us-gaap', 'InterestExpense', 'Interest expense'),
  ('us-gaap', 'InventoryNet', 'Inventory'),
  ('us-gaap', 'Liabilities', 'Total liabilities'),
  ('us-gaap', 'LiabilitiesCurrent', 'Current liabilities'),
  ('us-gaap', 'LongTermDebt', 'Long-term debt with its current part'),
  ('us-gaap', 'LongTermDebtNoncurrent', 'Long-term debt without its current part'),
  ('us-gaap', 'NetCashProvidedByUsedInOperatingActivities', 'Cash flow from operating activities'),
  ('us-gaap', 'NetIncomeLoss', 'Net income of the parent'),
  ('us-gaap', 'OperatingIncomeLoss', 'Operating income'),
  ('us-gaap', 'PaymentsForRepurchaseOfCommonStock', 'Repurchases of common stock'),
  ('us-gaap', 'PaymentsOfDividends', 'Dividends paid'),
  ('us-gaap', 'PaymentsOfDividendsCommonStock', 'Dividends paid on common stock'),
  ('us-gaap', 'PaymentsToAcquireProductiveAssets', 'Payments for productive assets'),
  ('us-gaap', 'PaymentsToAcquirePropertyPlantAndEquipment', 'Payments for property, plant and equipment'),
  ('us-gaap', 'ProfitLoss', 'Net income with noncontrolling interests'),
  ('us-gaap', 'ResearchAndDevelopmentExpense', 'Research and development'),
  ('us-gaap', 'RevenueFromContractWithCustomerExcludingAssessedTax', 'Revenue from contracts with customers, without assessed tax'),
  ('us-gaap', 'RevenueFromContractWithCustomerIncludingAssessedTax', 'Revenue from contracts with customers, with assessed tax'),
  ('us-gaap', 'Revenues', 'Revenues'),
  ('us-gaap', 'SalesRevenueGoodsNet', 'Net sales of goods'),
  ('us-gaap', 'SalesRevenueNet', 'Net sales'),
  ('us-gaap', 'StockholdersEquity', 'Equity of the parent''s stockholders'),
  ('us-gaap', 'WeightedAverageNumberOfDilutedSharesOutstanding', 'Diluted shares, weighted average')
on conflict (taxonomy, tag) do nothing;

insert into edgar.headline_item (item, label, statement, period_type, unit_pattern, is_additive, position)
values
  ('revenue', 'Revenue', 'income', 'duration', '^[A-Z]{3}$', true, 10),
  ('cost_of_revenue', 'Cost of revenue', 'income', 'duration', '^[A-Z]{3}$', true, 20),
  ('gross_profit', 'Gross profit', 'income', 'duration', '^[A-Z]{3}$', true, 30),
  ('research_and_development', 'Research and development', 'income', 'duration', '^[A-Z]{3}$', true, 40),
  ('operating_income', 'Operating income', 'income', 'duration', '^[A-Z]{3}$', true, 50),
  ('interest_expense', 'Interest expense', 'income', 'duration', '^[A-Z]{3}$', true, 60),
  ('income_tax', 'Income tax', 'income', 'duration', '^[A-Z]{3}$', true, 70),
  ('net_income', 'Net income', 'income', 'duration', '^[A-Z]{3}$', true, 80),
  ('eps_basic', 'Earnings per share, basic', 'income', 'duration', '^([A-Z]{3}/shares|pure)$', false, 90),
  ('eps_diluted', 'Earnings per share, diluted', 'income', 'duration', '^([A-Z]{3}/shares|pure)$', false, 100),
  ('diluted_shares', 'Diluted shares, weighted average', 'income', 'duration', '^shares$', false, 110),
  ('cash', 'Cash and cash equivalents', 'balance', 'instant', '^[A-Z]{3}$', false, 200),
  ('inventory', 'Inventory', 'balance', 'instant', '^[A-Z]{3}$', false, 210),
  ('current_assets', 'Current assets', 'balance', 'instant', '^[A-Z]{3}$', false, 220),
  ('total_assets', 'Total assets', 'balance', 'instant', '^[A-Z]{3}$', false, 230),
  ('current_liabilities', 'Current liabilities', 'balance', 'instant', '^[A-Z]{3}$', false, 240),
  ('long_term_debt', 'Long-term debt', 'balance', 'instant', '^[A-Z]{3}$', false, 250),
  ('total_liabilities', 'Total liabilities', 'balance', 'instant', '^[A-Z]{3}$', false, 260),
  ('equity', 'Stockholders'' equity', 'balance', 'instant', '^[A-Z]{3}$', false, 270),
  ('shares_outstanding', 'Shares outstanding', 'balance', 'instant', '^shares$', false, 280),
  ('operating_cash_flow', 'Cash flow from operating activities', 'cash_flow', 'duration', '^[A-Z]{3}$', true, 300),
  ('capital_expenditure', 'Capital expenditure', 'cash_flow', 'duration', '^[A-Z]{3}$', true, 310),
  ('dividends_paid', 'Dividends paid', 'cash_flow', 'duration', '^[A-Z]{3}$', true, 320),
  ('share_repurchases', 'Repurchases of common stock', 'cash_flow', 'duration', '^[A-Z]{3}$', true, 330)
on conflict (item) do nothing;

insert into edgar.headline_concept (item, taxonomy, tag, preference)
values
  ('revenue', 'us-gaap', 'Revenues', 1),
  ('revenue', 'us-gaap', 'RevenueFromContractWithCustomerExcludingAssessedTax', 2),
  ('revenue', 'us-gaap', 'RevenueFromContractWithCustomerIncludingAssessedTax', 3),
  ('revenue', 'us-gaap', 'SalesRevenueNet', 4),
  ('revenue', 'us-gaap', 'SalesRevenueGoodsNet', 5),
  ('cost_of_revenue', 'us-gaap', 'CostOfRevenue', 1),
  ('cost_of_revenue', 'us-gaap', 'CostOfGoodsAndServicesSold', 2),
  ('gross_profit', 'us-gaap', 'GrossProfit', 1),
  ('research_and_development', 'us-gaap', 'ResearchAndDevelopmentExpense', 1),
  ('operating_income', 'us-gaap', 'OperatingIncomeLoss', 1),
  ('interest_expense', 'us-gaap', 'InterestExpense', 1),
  ('income_tax', 'us-gaap', 'IncomeTaxExpenseBenefit', 1),
  ('net_income', 'us-gaap', 'NetIncomeLoss', 1),
  ('net_income', 'us-gaap', 'ProfitLoss', 2),
  ('eps_basic', 'us-gaap', 'EarningsPerShareBasic', 1),
  ('eps_diluted', 'us-gaap', 'EarningsPerShareDiluted', 1),
  ('diluted_shares', 'us-gaap', 'WeightedAverageNumberOfDilutedSharesOutstanding', 1),
  ('cash', 'us-gaap', 'CashAndCashEquivalentsAtCarryingValue', 1),
  ('inventory', 'us-gaap', 'InventoryNet', 1),
  ('current_assets', 'us-gaap', 'AssetsCurrent', 1),
  ('total_assets', 'us-gaap', 'Assets', 1),
  ('current_liabilities', 'us-gaap', 'LiabilitiesCurrent', 1),
  ('long_term_debt', 'us-gaap', 'LongTermDebtNoncurrent', 1),
  ('long_term_debt', 'us-gaap', 'LongTermDebt', 2),
  ('total_liabilities', 'us-gaap', 'Liabilities', 1),
  ('equity', 'us-gaap', 'StockholdersEquity', 1),
  ('shares_outstanding', 'us-gaap', 'CommonStockSharesOutstanding', 1),
  ('operating_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInOperatingActivities', 1),
  ('capital_expenditure', 'us-gaap', 'PaymentsToAcquirePropertyPlantAndEquipment', 1),
  ('capital_expenditure', 'us-gaap', 'PaymentsToAcquireProductiveAssets', 2),
  ('dividends_paid', 'us-gaap', 'PaymentsOfDividends', 1),
  ('dividends_paid', 'us-gaap', 'PaymentsOfDividendsCommonStock', 2),
  ('share_repurchases', 'us-gaap', 'PaymentsForRepurchaseOfCommonStock', 1)
on conflict do nothing;
