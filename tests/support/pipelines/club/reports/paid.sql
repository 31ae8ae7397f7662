-- Paid by member
-- question: What did each member pay, or the one that is named?
-- chart: bar x=member_id y=paid
-- param: member_id = ''  One member; empty means all
SELECT member_id, count(*) AS payments, sum(amount) AS paid
FROM lake.club.payments
WHERE '${member_id}' = '' OR member_id = '${member_id}'
GROUP BY member_id
ORDER BY paid DESC, member_id
