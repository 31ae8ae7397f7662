-- Fees by cargo
-- question: What did each kind of cargo bring in?
-- chart: bar x=cargo y=fees
SELECT cargo, sum(fee) AS fees
FROM lake.harbour.arrivals
GROUP BY cargo
ORDER BY cargo
